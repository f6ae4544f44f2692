"""An installation for a benchmark: embedded servers on a data folder of its own, tables made."""

from __future__ import annotations

import os
from pathlib import Path


def prepare(var: Path) -> None:
    """Start the servers (unless their URLs are given), set Django up, and bring the tables up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "posture.settings")
    os.environ.setdefault("PLIMSOLL_LOG_LEVEL", "ERROR")
    if "DATABASE_URL" not in os.environ:
        from posture.platform.embedded import Embedded

        var.mkdir(parents=True, exist_ok=True)
        services = Embedded(var, die_with_parent=True).start()
        os.environ |= {
            "PLIMSOLL_VAR": str(var),
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
        }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
