"""Beat's memory of when each task last ran, in a file that a power cut may leave half written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery.beat import PersistentScheduler

logger = logging.getLogger(__name__)


class DurableScheduler(PersistentScheduler):
    """Celery's own scheduler, that starts anew where its file cannot be read.

    Celery replaces a file that does not open and entries of a wrong type; a value that ends early (`EOFError`, what a
    full disk or a power cut leaves) ends beat instead, at each start again, and no node would be pulled any more.
    """

    schedule_filename: str  # these three are Celery's, missing from its published types
    _store: Any
    _remove_db: Callable[[], None]

    def setup_schedule(self) -> None:
        try:
            super().setup_schedule()
        except (
            Exception
        ) as error:  # whatever the storage or the pickles raise; the file holds nothing to lose
            logger.warning(
                "The schedule file %s cannot be read and is made anew: %r", self.schedule_filename, error
            )
            if self._store is not None:
                self._store.close()  # before the files go: closing writes them
            self._remove_db()
            super().setup_schedule()
