"""The two keys of an installation: Django's secret key, and the keys that encrypt stored credentials.

Each comes from the environment (`NAME`), from a file that the environment names (`NAME_FILE`, how Docker
secrets arrive), or from a file under the data folder that is made on first use and readable by its owner
only.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet


class SecretError(Exception):
    """A key is missing, unreadable or malformed. The message names where it came from, never its value."""


def from_environment(name: str) -> str | None:
    """The value of `name`, or the text of the file that `name_FILE` points to; None when neither is set.

    Raises SecretError when both are set, or when the file cannot be read or is empty.
    """
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise SecretError(f"Both {name} and {name}_FILE are set: keep one of them.")
    if value:
        return value.strip()
    if not file:
        return None
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SecretError(f"{name}_FILE points to {file}, which cannot be read: {reason}.") from None
    if not text:
        raise SecretError(f"{name}_FILE points to {file}, which is empty.")
    return text


def secret_key(var: Path) -> str:
    """Django's SECRET_KEY: PLIMSOLL_SECRET_KEY(_FILE), else `<var>/secret_key`. At least 32 characters."""
    key = from_environment("PLIMSOLL_SECRET_KEY")
    source = "PLIMSOLL_SECRET_KEY"
    if key is None:
        source = str(var / "secret_key")
        key = _kept(var / "secret_key", lambda: secrets.token_urlsafe(64))
    if len(key) < 32:
        raise SecretError(f"{source} is shorter than 32 characters.")
    return key


def credential_keys(var: Path) -> list[str]:
    """The Fernet keys for credentials at rest, newest first: the first encrypts, each of them decrypts.

    PLIMSOLL_CREDENTIAL_KEYS(_FILE) holds them separated by commas or line ends, else `<var>/credential_key`.
    """
    text = from_environment("PLIMSOLL_CREDENTIAL_KEYS")
    source = "PLIMSOLL_CREDENTIAL_KEYS"
    if text is None:
        source = str(var / "credential_key")
        text = _kept(var / "credential_key", lambda: Fernet.generate_key().decode())
    keys = [key.strip() for key in text.replace("\n", ",").split(",") if key.strip()]
    if not keys:
        raise SecretError(f"{source} holds no key.")
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise SecretError(
                f"Key {position} in {source} is not a Fernet key (32 bytes in URL-safe base64)."
            ) from None
    return keys


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`, made on first use. Two processes that start together end up with the same key."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # The draft is complete before it gets its name, and a link never replaces a key that is in use.
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(make() + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SecretError(f"The key file {path} cannot be made or read: {reason}.") from None
    if not text:
        raise SecretError(
            f"The key file {path} is empty. Restore it from a backup: stored credentials need it."
        )
    return text
