"""What the web server loads before it forks: everything, and nothing that two processes must not share."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.platform.instances import ROOT

LOADED = """
import gc, threading
import posture.wsgi
from django.db import connections
assert [one for one in connections.all() if one.connection is not None] == []
assert threading.enumerate() == [threading.main_thread()]
assert gc.get_freeze_count() > 100_000
import sys
assert "posture.findings.views" in sys.modules
"""


def test_it_is_loaded_whole_without_a_connection_or_a_thread() -> None:
    nowhere = {"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere", "REDIS_URL": "redis://127.0.0.1:9"}
    ended = subprocess.run(
        [sys.executable, "-c", LOADED], env=os.environ | nowhere, cwd=ROOT, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
