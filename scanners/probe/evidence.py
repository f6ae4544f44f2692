"""What the subjects write into: their facts, and beside them everything that could not be measured and why.

The convention of the document: a fact is its value, or null with its JSON pointer in `not_measured`. A null without
one means that the host does not have the thing.
"""

from typing import Any, Callable, Dict, Optional

from scanners.probe.reading import DENIED, Reader, whole

NEEDS_ROOT = "needs root"
NOT_LIVE = "needs the running host"


class Evidence:
    """The facts of one subject. `reader` reads the host; `at` is the subject's place in the document."""

    def __init__(self, reader: Reader, at: str, not_measured: Dict[str, str]) -> None:
        self.reader = reader
        self.at = at
        self._not_measured = not_measured

    def below(self, name: str) -> "Evidence":
        """The same for one part of this subject."""
        return Evidence(self.reader, f"{self.at}/{escaped(name)}", self._not_measured)

    def not_measured(self, name: str, reason: str) -> None:
        """Say why the fact `name` is null."""
        self._not_measured[f"{self.at}/{escaped(name)}"] = reason

    def why(self, name: str) -> str:
        """Why the fact `name` was noted as not measured, "" when it was not."""
        return self._not_measured.get(f"{self.at}/{escaped(name)}", "")

    def without_securityfs(self, *names: str) -> bool:
        """Note these facts as not measured where the kernel's security file system, which tells them, is not mounted."""
        # It always holds something once it is mounted: at least its list of security modules.
        is_missing = self.reader.names("/sys/kernel/security") in (None, [])
        if is_missing and not self.reader.reason("/sys/kernel/security"):
            for name in names:
                self.not_measured(name, "/sys/kernel/security is not mounted")
            return True
        return False

    def whole_not_measured(self, reason: str) -> None:
        """Say why the part that this evidence is about is null as a whole."""
        self._not_measured[self.at] = reason

    def because_whole(self, path: str) -> None:
        """Note the part that this evidence is about as not measured if `path` was skipped."""
        reason = self.reader.reason(path)
        if reason:
            self.whole_not_measured(NEEDS_ROOT if reason == DENIED else f"{path}: {reason}")

    def read(self, name: str, path: str, parse: Callable[[str], Any] = str) -> Any:
        """The fact `name` from a file: its text without white space around, or what `parse` makes of the text.

        None when the file is missing. None and not measured when it may not be read, or `parse` raises ValueError.
        """
        text = self.reader.text(path)
        if text is None:
            self.because(name, path)
            return None
        try:
            return parse(text.strip())
        except (ValueError, IndexError, OverflowError) as error:
            self.reader.skip(path, "cannot be understood")
            self.not_measured(name, f"{path} cannot be understood: {type(error).__name__}")
            return None

    def number(self, name: str, path: str) -> Optional[int]:
        """The whole number in a file, as `read`."""
        found: Optional[int] = self.read(name, path, whole)
        return found

    def because(self, name: str, path: str) -> None:
        """Note the fact `name` as not measured if `path` was skipped; a missing file is no reason."""
        reason = self.reader.reason(path)
        if reason:
            self.not_measured(name, NEEDS_ROOT if reason == DENIED else f"{path}: {reason}")


def escaped(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
