"""Typed reading of a JSON answer: every accessor checks the type, and a wrong one is named with its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast


class MalformedAnswerError(ValueError):
    """A field of an engine's answer has another type than the Engine API documents. `where` is the field's path."""

    def __init__(self, where: str, expected: str, value: object) -> None:
        super().__init__(f"{where} should be {expected}, but is {_json_type(value)}")
        self.where = where


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)


class Answer:
    """One JSON object and where it stands. A missing field and a null mean the same: the default."""

    __slots__ = ("path", "value")

    def __init__(self, value: object, path: str) -> None:
        if not isinstance(value, dict):
            raise MalformedAnswerError(path, "an object", value)
        self.value = cast(dict[str, Any], value)
        self.path = path

    def _wrong(self, key: str, expected: str, value: object) -> MalformedAnswerError:
        return MalformedAnswerError(f"{self.path}.{key}", expected, value)

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def text(self, key: str, default: str = "") -> str:
        value = self.value.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._wrong(key, "text", value)
        return value

    def integer(self, key: str, default: int = 0) -> int:
        value = self.value.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            raise self._wrong(key, "a whole number", value)
        return int(value)

    def optional_integer(self, key: str) -> int | None:
        return self.integer(key) if self.has(key) else None

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.value.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        return value

    def optional_flag(self, key: str) -> bool | None:
        return self.flag(key) if self.has(key) else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts. A single text counts as a list of one, as old engines send for Cmd and Entrypoint."""
        value = self.value.get(key)
        if value is None:
            return ()
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        for position, item in enumerate(value):
            if not isinstance(item, str):
                raise self._wrong(f"{key}[{position}]", "text", item)
        return tuple(value)

    def optional_texts(self, key: str) -> tuple[str, ...] | None:
        return self.texts(key) if self.has(key) else None

    def child(self, key: str) -> Answer:
        value = self.value.get(key)
        return Answer({} if value is None else value, f"{self.path}.{key}")

    def children(self, key: str) -> list[Answer]:
        value = self.value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, "a list", value)
        return [Answer(item, f"{self.path}.{key}[{position}]") for position, item in enumerate(value)]

    def names(self, key: str) -> tuple[str, ...]:
        """The keys of an object, sorted."""
        return tuple(sorted(self.child(key).value))

    def mapping(self, key: str) -> dict[str, str]:
        """An object whose values are texts, sorted by key. A null value reads as an empty text."""
        child = self.child(key)
        return {name: child.text(name) for name in sorted(child.value)}

    def moment(self, key: str) -> datetime | None:
        """RFC 3339 text or Unix seconds; None for the engine's zero times (year 1, and 0)."""
        value = self.value.get(key)
        if value is None or value == "":
            return None
        try:
            if isinstance(value, str):
                moment = datetime.fromisoformat(value)
                moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
                return None if moment.year <= 1 else moment.astimezone(UTC)
            if isinstance(value, int) and not isinstance(value, bool):
                return datetime.fromtimestamp(value, UTC) if value > 0 else None
        except (ValueError, OverflowError, OSError):
            pass
        raise self._wrong(key, "a time", value)


def as_list(value: object, path: str) -> list[Answer]:
    """The objects of a JSON list; null reads as an empty list."""
    return Answer({"items": value}, path).children("items") if value is not None else []
