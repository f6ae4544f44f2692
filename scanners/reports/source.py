"""A report as a reader gets it: its beginning, and the whole without holding it in memory."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HEAD_BYTES = 65_536
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ReportError(Exception):
    """The report as a whole cannot be read; the message says why, for the person who sent it."""


class Source:
    """`head` is the first 64 KiB, `content` all of it: a view of the file's pages, which the system may drop again."""

    def __init__(self, content: memoryview, name: str = "") -> None:
        self.name = name
        self.content = content[len(BYTE_ORDER_MARK) :] if content[:3] == BYTE_ORDER_MARK else content
        self.head = bytes(self.content[:HEAD_BYTES])


@contextmanager
def opened(path: Path, name: str = "") -> Iterator[Source]:
    """The report in a file. Raises ReportError for an empty one, and OSError."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise ReportError("The file is empty.")
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        content = memoryview(pages)
        source = Source(content, name or path.name)
        try:
            yield source
        finally:
            # A reader that was left in the middle still looks at the pages; they are closed when it goes.
            with suppress(BufferError):
                source.content.release()
                content.release()
                pages.close()
