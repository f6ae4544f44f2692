"""Passwords that nobody chose: for the first administrator, and for resets at the terminal."""

from __future__ import annotations

import secrets

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


def random_password() -> str:
    """Four groups of five characters: 99 random bits, and readable from one screen to another."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
