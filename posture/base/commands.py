"""What every administrative command shares: errors as one sentence, and its name in the history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, ProgrammingError

from posture.base import context
from posture.base.context import Actor, Context
from posture.base.problems import Problem


class AdministrativeCommand(BaseCommand):
    """A command whose changes the history ascribes to `manage.py <command>`, and whose errors are no tracebacks."""

    requires_system_checks = ()

    def execute(self, *args: Any, **options: Any) -> str | None:
        name = type(self).__module__.rpartition(".")[2]
        with context.entered(Context(actor=Actor("system", None, f"manage.py {name}"))):
            try:
                return super().execute(*args, **options)
            except Problem as problem:
                raise CommandError(" ".join(part for part in (str(problem), problem.hint) if part)) from None
            except ProgrammingError as error:
                if "does not exist" not in str(error):
                    raise
                raise CommandError("The database has no tables yet: run manage.py migrate first.") from None
            except (OperationalError, InterfaceError):
                raise CommandError(
                    "The database does not answer. Is it running, and is DATABASE_URL right?"
                ) from None


def read_text(path: str, option: str) -> str:
    """The text of a file that an option names; "-" is standard input. Raises CommandError naming the option."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{option}: {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{option}: {path} is not text.") from None
