"""Who may ask: the bearer token, what was asked before, and the slowing of those who guess."""

import hashlib
import hmac
import os
import threading
import time
from collections import OrderedDict
from typing import Tuple

from scanners.probe.agent import SetupError

TOKEN_CHARACTERS = 32
TOKEN_BYTES = 4096
NONCES = 16384
ADDRESSES = 1024
FORGET_SECONDS = 60.0
LONGEST_DELAY_SECONDS = 2.0
LOGGED = 5


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def read_token(path: str) -> bytes:
    """The digest of the token in a file; the token itself is not kept. Raises `SetupError`."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(TOKEN_BYTES + 1)
    except OSError as error:
        raise SetupError(f"the token file {path} cannot be read: {error.strerror}") from None
    if mode & 0o077 and not _is_passed_by_systemd(path):
        raise SetupError(f"the token file {path} may be used by others than its owner: chmod 600 it")
    text = content.decode("utf-8", "replace").strip()
    if len(text) < TOKEN_CHARACTERS or len(content) > TOKEN_BYTES or not text.isprintable() or " " in text:
        raise SetupError(
            f"the token file {path} must hold one word of at least {TOKEN_CHARACTERS} characters"
        )
    return digest(text)


def _is_passed_by_systemd(path: str) -> bool:
    """systemd gives a service its credentials through an access list, whose mask shows as the group's rights."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    return bool(folder) and os.path.dirname(os.path.abspath(path)) == os.path.abspath(folder)


def is_the_token(given: str, expected: bytes) -> bool:
    """Compares digests, which have one length, in a time that does not depend on what is in them."""
    return hmac.compare_digest(digest(given), expected)


class Nonces:
    """The newest nonces of this process, so that a recorded request cannot be sent again."""

    def __init__(self, most: int = NONCES) -> None:
        self._most = most
        self._seen: "OrderedDict[bytes, None]" = OrderedDict()
        self._lock = threading.Lock()

    def is_new(self, nonce: str) -> bool:
        """Whether it was never given before; it is remembered from now on."""
        key = digest(nonce)
        with self._lock:
            if key in self._seen:
                return False
            self._seen[key] = None
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return True


class Failures:
    """How often each address was refused lately. A right token is never kept waiting, whatever came before it."""

    def __init__(self) -> None:
        self._known: "OrderedDict[str, Tuple[int, float]]" = OrderedDict()
        self._lock = threading.Lock()

    def count(self, address: str) -> int:
        """Note one more failure; returns how many there are without a minute's pause between them."""
        now = time.monotonic()
        with self._lock:
            before, last = self._known.pop(address, (0, now))
            count = 1 if now - last > FORGET_SECONDS else before + 1
            self._known[address] = (count, now)
            while len(self._known) > ADDRESSES:
                self._known.popitem(last=False)
            return count


def delay(count: int) -> float:
    """Seconds that the answer to this failure is held back: doubled with each, up to a few."""
    return min(LONGEST_DELAY_SECONDS, 0.25 * 2.0 ** min(count - 1, 16))
