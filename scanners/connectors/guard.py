"""What a pull may take from a node, enforced on every read: time, bytes, silence and cancellation.

A socket's own timeout starts anew with each byte, so a server that sends one byte a second never meets it. The guard
waits in short slices instead and looks at the clock, the byte count and the cancel flag in each of them.
"""

from __future__ import annotations

import io
import ssl
import time
from collections.abc import Callable
from typing import Any

from scanners.records import Limits, NodeError

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
_SLICE_SECONDS = 0.25


class Guard:
    """The budget of one session. `check` raises `NodeError` `cancelled`, `timeout` or `too_large` once it is used up."""

    def __init__(self, limits: Limits, is_cancelled: Callable[[], bool]) -> None:
        self.limits = limits
        self.received = 0
        self._is_cancelled = is_cancelled
        self._deadline = time.monotonic() + limits.seconds

    def check(self) -> None:
        if self._is_cancelled():
            raise NodeError("cancelled", "The pull was cancelled.")
        if self.remaining() <= 0:
            raise NodeError(
                "timeout",
                f"The node did not finish within its limit of {self.limits.seconds:g} s.",
                "Is the node overloaded or the network slow? The limit can be raised on the node.",
            )
        if self.received > self.limits.bytes:
            raise NodeError(
                "too_large",
                f"The node sent more than its limit of {self.limits.bytes} bytes.",
                "The limit can be raised on the node.",
            )

    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def wait(self, seconds: float) -> None:
        """Do nothing for so long, as a node asked; raises like `check` meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(_SLICE_SECONDS, left))

    def connect_seconds(self) -> float:
        """Time for one connection attempt; never 0, which would mean a non-blocking socket."""
        self.check()
        return max(0.01, min(CONNECT_SECONDS, self.remaining()))


class GuardedSocket:
    """A connected socket, TLS socket or SSH channel that obeys a guard. It has what `http.client` asks of a socket."""

    def __init__(self, channel: Any, guard: Guard, explain: Callable[[bytes], None] | None = None) -> None:
        self._channel = channel
        self._guard = guard
        self._explain = (
            explain  # raises NodeError for a first word that is not HTTP; b"" is an end without a word
        )
        self._received = 0
        self._readers = 0
        self._is_closed = False

    def readinto(self, buffer: memoryview) -> int:
        silent_since = time.monotonic()
        while True:
            self._guard.check()
            self._channel.settimeout(max(0.01, min(_SLICE_SECONDS, self._guard.remaining())))
            try:
                count = self._receive(buffer)
            except TimeoutError:
                if time.monotonic() - silent_since > SILENCE_SECONDS:
                    raise NodeError(
                        "timeout",
                        f"The node sent nothing for {SILENCE_SECONDS:g} s.",
                        "Does the engine hang?",
                    ) from None
                continue
            except ssl.SSLError as error:
                raise tls_error(error) from None
            except OSError:
                # Left to the HTTP layer as an ended stream: it knows whether an answer was cut short.
                count = 0
            if self._received == 0 and self._explain is not None:
                first = bytes(buffer[: min(count, 5)])
                if not first or not b"HTTP/".startswith(first):
                    self._explain(first)
            self._received += count
            self._guard.received += count
            return count

    def _receive(self, buffer: memoryview) -> int:
        if hasattr(self._channel, "recv_into"):
            return int(self._channel.recv_into(buffer))
        data: bytes = self._channel.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self._guard.check()
        self._channel.settimeout(max(0.01, min(SILENCE_SECONDS, self._guard.remaining())))
        try:
            self._channel.sendall(data)
        except TimeoutError:
            raise NodeError(
                "timeout", "The node does not take the request.", "Does the engine hang?"
            ) from None
        except ssl.SSLError as error:
            raise tls_error(error) from None

    def makefile(self, mode: str = "rb", buffering: int = -1) -> io.BufferedReader:
        del mode, buffering  # http.client reads bytes, buffered
        self._readers += 1
        return io.BufferedReader(_GuardedReader(self), 65536)

    def fileno(self) -> int:
        return int(self._channel.fileno())

    def settimeout(self, seconds: float | None) -> None:
        """The guard decides how long to wait, whatever the HTTP layer asks for."""

    def close(self) -> None:
        """Close once no reader is left: http.client closes early when an answer ends with the connection."""
        self._is_closed = True
        if self._readers <= 0:
            self._channel.close()

    def release(self) -> None:
        """A reader is done."""
        self._readers -= 1
        if self._is_closed:
            self.close()

    def shutdown(self, how: int) -> None:
        self._channel.shutdown(how)


class _GuardedReader(io.RawIOBase):
    def __init__(self, source: GuardedSocket) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._source.release()
        super().close()

    def readinto(self, buffer: Any) -> int:
        return self._source.readinto(memoryview(buffer).cast("B"))


def tls_error(error: ssl.SSLError) -> NodeError:
    """Say what a TLS failure means for the person who entered the certificates."""
    reason = error.reason or ""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NodeError(
            "tls_untrusted",
            f"The node's certificate is not trusted: {error.verify_message}.",
            "Give the CA certificate that signed the node's certificate, and use a name that the certificate holds.",
        )
    if "ALERT" in reason and reason not in ("TLSV1_ALERT_PROTOCOL_VERSION", "TLSV1_ALERT_INTERNAL_ERROR"):
        return NodeError(
            "tls_client_refused",
            "The node refuses the client certificate.",
            "Give a client certificate and key signed by the CA that the engine was started with (--tlscacert).",
        )
    return NodeError(
        "tls_mismatch",
        "The node does not speak TLS on this port, or no version of it that is still safe.",
        "Is the engine listening with --tlsverify on this port?",
    )
