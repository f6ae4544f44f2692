"""How a registry is told who asks: not at all, by name and password, or by tokens that its realm gives out.

Source: the distribution project's token authentication specification; RFC 7235 for challenges. The scope that a
challenge names is not followed: what is asked for is pull of the one repository, never more.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from scanners.answers import Answer, MalformedAnswerError
from scanners.connectors.origins import Origins, Target
from scanners.records import Credential, NodeError, Record

_TOKEN_BYTES = 256 * 1024
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, 2.1
_LONGEST_HEADER = 16_384
# A token is good for this long when its realm does not say (specification: 60 s), and is renewed a little earlier.
_DEFAULT_SECONDS = 60
_MARGIN_SECONDS = 5
_MOST_TOKENS = 2000
_CHALLENGE = re.compile(
    r"""(?P<scheme>[A-Za-z][A-Za-z0-9-]*)(?:\s+(?=[A-Za-z_]+\s*=)|\s*(?:,|$))
    |(?P<name>[A-Za-z_]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))""",
    re.VERBOSE,
)


class Challenge(Record, frozen=True, kw_only=True):
    """One way in that a server offers with 401: its scheme in lower case, and its parameters."""

    scheme: str
    parameters: dict[str, str] = {}


def challenges(headers: Iterable[str]) -> list[Challenge]:
    """Those of WWW-Authenticate headers, in their order; what cannot be read is left out."""
    found: list[tuple[str, dict[str, str]]] = []
    for header in headers:
        is_first = True
        for match in _CHALLENGE.finditer(header[:_LONGEST_HEADER]):
            if match["scheme"] is not None:
                found.append((match["scheme"].lower(), {}))
                is_first = False
            elif not is_first:
                value = (
                    match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
                )
                found[-1][1].setdefault(match["name"].lower(), value)
    return [Challenge(scheme=scheme, parameters=parameters) for scheme, parameters in found]


class Authority:
    """What we may show one registry. Tokens are kept for each scope until they end, or are refused."""

    def __init__(self, origins: Origins, credential: Credential) -> None:
        self._origins = origins
        self._basic = ""
        if credential.username or credential.password:
            pair = f"{credential.username}:{credential.password}".encode()
            self._basic = f"Basic {base64.b64encode(pair).decode()}"
        self._by_name = False  # the registry itself takes name and password
        self._realm: tuple[Target, str] | None = (
            None  # where tokens are given out, and the service they are for
        )
        self._tokens: dict[str, tuple[str, float]] = {}

    @property
    def is_anonymous(self) -> bool:
        return not self._basic

    @property
    def decides_by_repository(self) -> bool:
        """Nobody signed in, and tokens are given out: what may be read is known only for each repository."""
        return self.is_anonymous and self._realm is not None

    def header(self, scope: str) -> str:
        """The Authorization header of a request to the registry; "" when there is nothing to show (yet)."""
        if self._by_name:
            return self._basic
        if self._realm is None:
            return ""
        token, ends = self._tokens.get(scope, ("", 0.0))
        if not token or time.monotonic() >= ends:
            token = self._fetch(scope)
        return f"Bearer {token}"

    def answer(self, offered: Iterable[str], scope: str) -> bool:
        """After 401: whether there is something new to show, given the WWW-Authenticate headers. Raises `NodeError`."""
        known = challenges(offered)
        if self._tokens.pop(scope, None) is not None and any(c.scheme == "bearer" for c in known):
            return True  # it ended, or was taken back: a new one is fetched
        for challenge in known:
            if challenge.scheme == "bearer" and self._realm is None and "realm" in challenge.parameters:
                realm = self._origins.target(challenge.parameters["realm"])
                self._realm = (realm, challenge.parameters.get("service", ""))
                self._by_name = False
                return True
            if challenge.scheme == "basic" and self._basic and not self._by_name and self._realm is None:
                self._by_name = True
                return True
        return False

    def _fetch(self, scope: str) -> str:
        assert self._realm is not None
        realm, service = self._realm
        asked = [("service", service)] if service else []
        asked += [("scope", scope)] if scope else []
        joined = "&" if "?" in realm.path else "?"
        target = Target(origin=realm.origin, path=realm.path + (joined + urlencode(asked) if asked else ""))
        reply = self._origins.ask(target, {"Accept": "application/json"}, secret=self._basic)
        if reply.status in (400, 401, 403):
            reply.finish()
            raise refused(is_anonymous=self.is_anonymous)
        if reply.status != 200:
            reply.finish()
            raise NodeError(
                "registry_error",
                f"{realm.origin.host}, which gives out the registry's tokens, answers with HTTP status {reply.status}.",
                "It is tried again later.",
            )
        token, seconds = _token(reply.read(_TOKEN_BYTES))
        if len(self._tokens) >= _MOST_TOKENS:
            self._tokens.clear()
        self._tokens[scope] = (token, time.monotonic() + seconds)
        return token


def _token(body: bytes) -> tuple[str, float]:
    try:
        answer = Answer(msgspec.json.decode(body), "token")
        token = answer.text("token") or answer.text("access_token")
        seconds = answer.integer("expires_in", _DEFAULT_SECONDS)
    except (msgspec.DecodeError, RecursionError, MalformedAnswerError):
        token, seconds = "", 0
    if not _TOKEN.fullmatch(token):
        raise NodeError("malformed", "What the registry's realm answers holds no token.", "")
    return token, max(float(seconds), _DEFAULT_SECONDS) - _MARGIN_SECONDS


def refused(*, is_anonymous: bool) -> NodeError:
    """The registry, or its realm, does not let us in."""
    if is_anonymous:
        return NodeError(
            "permission_denied", "The registry wants to know who asks.", "Give a user name and password."
        )
    return NodeError(
        "permission_denied",
        "The registry does not accept our user name and password, or this user may not read there.",
        "Give an account, or an access token as password, that may pull.",
    )
