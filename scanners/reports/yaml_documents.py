"""Reports in YAML as JSON, so that readers know one notation only: what `kubectl get … -o yaml` prints."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from scanners.records import Skipped
from scanners.reports.source import ReportError

# The YAML library needs about thirty times a document's size in memory; JSON of any size is read item by item.
LONGEST = 32 * 1024 * 1024
DEEPEST = 64
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


class _TimesAreTexts(_Loader):
    """What kubectl prints, where JSON has a text for a time."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _Loader.yaml_implicit_resolvers.items()
    }


_ITEM = re.compile(rb"^( *)- ", re.MULTILINE)
_TOP = re.compile(rb"^[^\s#]", re.MULTILINE)


def as_json(content: memoryview) -> tuple[bytes, Skipped | None]:
    """All documents of a YAML stream as one JSON array, and what was lost at its end when it breaks off. Raises
    ReportError, saying in words what is wrong."""
    if len(content) > LONGEST:
        raise ReportError(
            f"A report in YAML may have {LONGEST // 1024 // 1024} MB. Send it as JSON, which is read at any size."
        )
    text, lost = _whole(bytes(content))
    try:
        _check(text)
        documents = [document for document in yaml.load_all(text, _TimesAreTexts) if document is not None]
        return msgspec.json.encode(documents), lost
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ReportError(f"This is not YAML that can be read: {reason}.") from None


def _check(text: bytes) -> None:
    """Refuses aliases, by which a small file stands for an endless one, and depths at which the C library's composer
    overflows the stack and ends the process. Its event parser has no stack to overflow."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("it uses aliases, which no report has")
        depth += isinstance(event, _OPENING) - isinstance(event, _CLOSING)
        if depth > DEEPEST:
            raise ValueError(f"it is more than {DEEPEST} levels deep")


def _whole(text: bytes) -> tuple[bytes, Skipped | None]:
    """The stream without its last item when it breaks off within a line: what is left of YAML is mostly YAML again, so
    that nothing else shows it."""
    if text.endswith(b"\n"):
        return text, None
    start = max((match.start() for match in _TOP.finditer(text)), default=0)
    items = list(_ITEM.finditer(text, start))
    least = min((len(item[1]) for item in items), default=0)
    cut = max((item.start() for item in items if len(item[1]) == least), default=text.rfind(b"\n") + 1)
    return text[:cut], Skipped(
        kind="malformed",
        where=f"the end of the report, from byte {cut}",
        reason=f"the report breaks off: {len(text) - cut} bytes after the last whole item cannot be read",
    )
