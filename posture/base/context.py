"""Who is acting, from where, in which request: known to whatever a request calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Actor:
    """Whoever changes something. `kind` is user, token or system; `user_id` the person behind it."""

    kind: str
    user_id: int | None
    name: str


SYSTEM = Actor("system", None, "system")


@dataclass(frozen=True)
class Context:
    """One request, command or task. `ip` is the caller's; `request_id` is also in the answer's header."""

    request_id: str = ""
    ip: str | None = None
    actor: Actor = SYSTEM


_current: ContextVar[Context] = ContextVar("plimsoll_context", default=Context())  # noqa: B039  frozen


def current() -> Context:
    return _current.get()


@contextmanager
def entered(context: Context) -> Iterator[None]:
    """Everything inside happens in `context`; the one before returns at the end."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def set_actor(actor: Actor) -> None:
    """The request's sender is now known. Ends with the request that `entered` began."""
    _current.set(replace(_current.get(), actor=actor))
