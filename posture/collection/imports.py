"""Many files for somebody who waits, as the command does: what database and reader do at the same time, and in which order.

A file keeps the reader busy for as long as the database. So two files are at work side by side, each on a connection of
its own; but what is said of one image is stored in the order of the files, for the last word holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from pathlib import Path
from threading import Condition, Thread

from django.db import connection

from posture.accounts.models import User
from posture.collection.choices import UploadSource, UploadState
from posture.collection.reports import Draft, Imported, draft
from posture.collection.uploads import import_now

SIDE_BY_SIDE = 2
_Store = Callable[[Path, Draft | None], Imported]


def import_all(paths: Iterable[Path], *, source: UploadSource, by: User | None = None) -> Iterator[Imported]:
    """Read files in this process; answers for each in its turn. Within a transaction of the caller all is written in that
    one, and so one file after the other."""
    files = list(paths)
    store: _Store = partial(_store, source=source, by=by)
    if connection.in_atomic_block:
        yield from (store(path, None) for path in files)
        return
    line = _Line(files, store)
    threads = [Thread(target=copy_context().run, args=(line.work,)) for _ in files[:SIDE_BY_SIDE]]
    for thread in threads:
        thread.start()
    try:
        for answer in line.answers:
            yield answer.result()
    finally:
        line.close()
        for thread in threads:
            thread.join()


def _store(path: Path, drafted: Draft | None, *, source: UploadSource, by: User | None) -> Imported:
    return import_now(path, source=source, by=by, drafted=drafted)


class _Line:
    """The files and who is at which of them. `answers` are as many as the files."""

    def __init__(self, files: Sequence[Path], store: _Store) -> None:
        self.answers: list[Future[Imported]] = [Future() for _ in files]
        self._waiting = iter(enumerate(files))
        self._store = store
        self._changed = Condition()
        self._at_work: dict[int, frozenset[str] | None] = {}  # number -> images that it may change; None: any
        self._is_closed = False
        self._brought_news = True

    def work(self) -> None:
        """Take file after file until none is left. Runs in a thread of its own."""
        try:
            while (taken := self._take()) is not None:
                number, path = taken
                try:
                    # After one that said what was known, the next probably does, and then it need not be read.
                    drafted = draft(path) if self._brought_news else None
                    self._await_turn(number, None if drafted is None else _images(drafted))
                    imported = self._store(path, drafted)
                    self._brought_news = imported.status != UploadState.UNCHANGED
                    self.answers[number].set_result(imported)
                except BaseException as error:
                    self.close()
                    self.answers[number].set_exception(error)
                finally:
                    self._leave(number)
        finally:
            connection.close()

    def close(self) -> None:
        """Take no more files; those at work are finished."""
        with self._changed:
            self._is_closed = True

    def _take(self) -> tuple[int, Path] | None:
        with self._changed:
            taken = None if self._is_closed else next(self._waiting, None)
            if taken is not None:
                self._at_work[taken[0]] = None
            return taken

    def _await_turn(self, number: int, images: frozenset[str] | None) -> None:
        with self._changed:
            self._at_work[number] = images
            self._changed.notify_all()
            self._changed.wait_for(lambda: all(self._may_pass(number, other) for other in self._at_work))

    def _may_pass(self, number: int, other: int) -> bool:
        ours, theirs = self._at_work[number], self._at_work[other]
        return other >= number or (ours is not None and theirs is not None and ours.isdisjoint(theirs))

    def _leave(self, number: int) -> None:
        with self._changed:
            del self._at_work[number]
            self._changed.notify_all()


def _images(drafted: Draft) -> frozenset[str] | None:
    """The images that a report changes; None where only its storing can tell: by names, and VEX statements."""
    digests = frozenset(subject.image.digest for subject in drafted.subjects)
    return None if drafted.said or not digests or "" in digests else digests
