"""Slows down guessing: so many wrong passwords per person and address, or enrolment tokens, then a pause."""

from __future__ import annotations

import hashlib

import redis
from django.conf import settings

from posture.base.problems import TooMany

PER_NAME = 10  # attempts for one name from one address
PER_ADDRESS = 100  # attempts for any names from one address
WINDOW_SECONDS = 15 * 60


def count(*, purpose: str, username: str, ip: str | None) -> None:
    """Counts an attempt before it is checked, so that parallel ones cannot slip through.

    Raises TooMany with `retry_after` once the limit is reached. Without Redis no attempt is let through.
    """
    for key, limit in _limits(purpose, username, ip):
        with _redis().pipeline(transaction=True) as pipe:
            pipe.set(key, 0, ex=WINDOW_SECONDS, nx=True)
            pipe.incr(key)
            pipe.ttl(key)
            _, attempts, seconds = pipe.execute()
        if attempts > limit:
            raise TooMany(
                "Too many attempts. Wait before the next one.",
                retry_after=max(1, int(seconds)),
                hint=f"An address gets {PER_NAME} attempts for a name or a token in {WINDOW_SECONDS // 60} minutes.",
            )


def forget(*, purpose: str, username: str, ip: str | None) -> None:
    """After a right password: the name's earlier attempts no longer count, nor this one for the address."""
    (name, _), (address, _) = _limits(purpose, username, ip)
    with _redis().pipeline(transaction=True) as pipe:
        pipe.delete(name)
        pipe.decr(address)
        pipe.expire(
            address, WINDOW_SECONDS
        )  # should its window have ended just now, it must not live for ever
        pipe.execute()


def _limits(purpose: str, username: str, ip: str | None) -> tuple[tuple[str, int], tuple[str, int]]:
    # Hashed: what is typed as a name may be a password, and Redis keeps its keys on disk.
    name = hashlib.sha256(f"{username.casefold()}\n{ip}".encode()).hexdigest()
    address = hashlib.sha256(str(ip).encode()).hexdigest()
    return (
        (f"plimsoll:attempts:{purpose}:name:{name}", PER_NAME),
        (f"plimsoll:attempts:{purpose}:address:{address}", PER_ADDRESS),
    )


_clients: dict[str, redis.Redis] = {}


def _redis() -> redis.Redis:
    if settings.REDIS_URL not in _clients:
        _clients[settings.REDIS_URL] = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3
        )
    return _clients[settings.REDIS_URL]
