"""Asking one engine: requests over its connections, each answer bounded, every failure named.

Lists and descriptions go through the docker SDK's session; the many small answers over two plain connections, one of
which already carries the next request.
"""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any

import docker
import msgspec
import requests
import urllib3

from scanners.connectors.guard import Guard
from scanners.connectors.transport import Dial, EngineAdapter, ItemConnection
from scanners.records import NodeError

TOO_DEEP = "the answer is nested too deeply"
_HEADERS = {"User-Agent": "plimsoll", "Accept": "application/json", "Accept-Encoding": "identity"}
_CHUNK_BYTES = 65536
_DOWNLOAD_BYTES = 1024 * 1024


class UnreadableError(Exception):
    """One answer could not be had; the pull may go on without it. `kind` is a `Skipped.kind`."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class Conversation:
    """The open connections to one engine, and the API version that is spoken on them."""

    def __init__(self, dial: Dial, guard: Guard, api_version: str) -> None:
        self._adapter = EngineAdapter(dial)
        self._items = ItemConnection(dial)
        self._next_items = ItemConnection(dial)  # holds the request that was sent ahead, if one was
        self._sent_ahead = ""
        self._has_second_connection: bool | None = None  # not known before its first answer
        self._guard = guard
        self._client = self._new_client(api_version)
        self._answers = 0

    def speak(self, api_version: str) -> None:
        """Use this version of the API from here on."""
        # The first client is left to the collector: closing it would close the connection that both use.
        self._client = self._new_client(api_version)

    def _new_client(self, api_version: str) -> docker.APIClient:
        client = docker.APIClient(base_url="http://localhost:80", version=api_version)
        client.mount("http://", self._adapter)
        # Proxies and headers that this machine's user configured for his own docker command are not meant for nodes.
        client.trust_env = False
        client.headers.clear()
        client.headers.update(_HEADERS)
        return client

    def close(self) -> None:
        self._items.close()
        self._next_items.close()
        self._client.close()
        self._adapter.close()

    def json(self, path: str, query: dict[str, str | int] | None = None, *, versioned: bool = True) -> Any:
        """One answer through the SDK's session. Raises `UnreadableError` when only this one is lost."""
        base = self._client.base_url
        url = f"{base}/v{self._client.api_version}{path}" if versioned else base + path

        def ask() -> tuple[int, bytes]:
            with self._client.get(url, params=query, stream=True, allow_redirects=False) as response:
                return response.status_code, self._bounded(response.raw, response.raw.close)

        return decoded(self._asked(ask))

    def item(self, path: str, then: str = "") -> bytes:
        """One of the many small answers: the same request, without the session's work for each of them.

        `then` is the path that will most likely be asked for next. Its request goes out at once, on a second
        connection, so that the engine works on it while this answer is read and made into a record.
        """

        def ask() -> tuple[int, bytes]:
            was_ahead = self._sent_ahead == path
            is_first_try = was_ahead and self._has_second_connection is None
            try:
                if was_ahead:
                    self._swap()
                else:
                    if self._sent_ahead:
                        self._next_items.close()
                    self._send(self._items, path)
                self._sent_ahead = ""
                if then and not is_first_try and self._has_second_connection is not False:
                    self._send_ahead(then)
                response = self._items.getresponse()
                if was_ahead:
                    self._has_second_connection = True
                return response.status, self._bounded(response, self._items.close)
            except BaseException:
                self._items.close()
                if is_first_try and not self._has_second_connection:
                    self._swap()
                    self._has_second_connection = False
                raise

        return self._asked(ask)

    def _swap(self) -> None:
        self._items, self._next_items = self._next_items, self._items

    def _send(self, connection: ItemConnection, path: str) -> None:
        connection.request("GET", f"/v{self._client.api_version}{path}", headers=_HEADERS)

    def _send_ahead(self, path: str) -> None:
        try:
            self._send(self._next_items, path)
        except (NodeError, HTTPException, OSError):
            # The node may allow one connection only. The request is made again, and reported, when its turn comes.
            self._next_items.close()
            self._has_second_connection = False
        else:
            self._sent_ahead = path

    def _asked(self, ask: Callable[[], tuple[int, bytes]]) -> bytes:
        self._guard.check()
        may_retry = self._answers > 0
        while True:
            try:
                status, body = ask()
                break
            except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
                # An engine may close a connection that was idle just when it is used again.
                if may_retry:
                    may_retry = False
                    continue
                raise self._broken(error) from None
        self._answers += 1
        if status != 200:
            raise self._refused_answer(status, body)
        return body

    def download(self, path: str, into: Path, most: int) -> int:
        """Write an answer of any size to a file, in pieces; returns its bytes.

        Raises `UnreadableError` when the engine refuses it or it is larger than `most` bytes.
        """
        self._guard.check()
        url = f"{self._client.base_url}/v{self._client.api_version}{path}"
        try:
            with (
                self._client.get(url, stream=True, allow_redirects=False) as response,
                into.open("wb") as file,
            ):
                if response.status_code != 200:
                    raise self._refused_answer(
                        response.status_code, self._bounded(response.raw, response.close)
                    )
                size = 0
                while piece := response.raw.read(_DOWNLOAD_BYTES, decode_content=False):
                    size += len(piece)
                    if size > most:
                        response.raw.close()
                        raise UnreadableError("too_large", f"it is larger than the limit of {most} bytes")
                    file.write(piece)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException) as error:
            raise self._broken(error) from None
        self._answers += 1
        return size

    def _bounded(self, response: Any, give_up: Callable[[], None]) -> bytes:
        limit = self._guard.limits.item_bytes
        announced = response.headers.get("Content-Length", "")
        body = b""
        if not (announced.isdigit() and int(announced) > limit):
            pieces: list[bytes] = []
            size = 0
            while size <= limit and (piece := response.read(_CHUNK_BYTES)):
                pieces.append(piece)
                size += len(piece)
            body = b"".join(pieces)
            if size <= limit:
                if announced.isdigit() and size < int(announced):
                    raise IncompleteRead(body)
                return body
        give_up()
        raise UnreadableError("too_large", f"the answer is larger than the limit of {limit} bytes")

    def _broken(self, error: Exception) -> NodeError:
        if self._answers:
            return NodeError(
                "unreachable", "The node broke the connection in the middle.", "Was the engine restarted?"
            )
        said = str(error)
        if "BadStatusLine" in said or "LineTooLong" in said or "HTTPException" in said:
            return NodeError(
                "not_an_engine", "The node does not speak HTTP here.", "Check host, port and socket path."
            )
        return NodeError(
            "not_an_engine",
            "The node closes the connection without an answer.",
            "Check host, port and socket path; an engine with TLS needs certificates.",
        )

    def _refused_answer(self, status: int, body: bytes) -> Exception:
        said = _message_of(body)
        if "HTTP request to an HTTPS server" in said:
            return NodeError(
                "tls_mismatch", "The node wants TLS on this port.", "Give the CA, certificate and key."
            )
        if status == 400 and "client version" in said and "API version" in said:
            return NodeError("api_version", "The engine refuses its own API version.", "Update the engine.")
        if status in (401, 403):
            return UnreadableError("denied", "the engine or a proxy before it does not allow it")
        if status == 404:
            return UnreadableError("vanished", "the engine does not know it (any more)")
        return UnreadableError("engine_error", f"the engine answered with HTTP status {status}")


def decoded(body: bytes) -> Any:
    """The JSON value of an answer. Raises `UnreadableError` `malformed`."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise UnreadableError("malformed", "the answer is not valid JSON") from None
    except RecursionError:
        raise UnreadableError("malformed", TOO_DEEP) from None


def _message_of(body: bytes) -> str:
    """The engine's own words in an error answer, for recognising it; never shown, since it may quote a request."""
    return body[:2000].decode("utf-8", "replace")
