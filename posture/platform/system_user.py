"""The unprivileged system user that runs PostgreSQL and Redis when the program itself runs as root.

PostgreSQL refuses to run as root, and a store that listens on a socket should not be root either.
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "plimsoll"
_ACL = "system.posix_acl_access"


class SystemUserError(Exception):
    """No usable system user, or a folder that it cannot pass through."""


@dataclass(frozen=True)
class Account:
    """A user of the operating system: name, numeric user and group id."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give one file or folder to this user."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


def account() -> Account:
    """Whom the embedded servers run as: ourselves, or under root the user `plimsoll`, made when it is
    missing.

    Where no user can be made (no `useradd`, read-only /etc), `nobody` serves. Raises SystemUserError when
    there is none at all.
    """
    if os.geteuid() != 0:
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise SystemUserError(
                f"User id {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs. "
                "Add an entry, or set DATABASE_URL to a PostgreSQL server of your own."
            ) from None
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if (found := _look_up(NAME)) is not None:
        return found
    if (useradd := shutil.which("useradd")) is not None:
        subprocess.run(
            [useradd, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", NAME],
            capture_output=True,
            check=False,
        )  # fmt: skip
    for name in (NAME, "nobody"):
        if (found := _look_up(name)) is not None:
            return found
    raise SystemUserError(
        "Started as root, but there is no unprivileged user for PostgreSQL to run as. "
        f"Create one (useradd --system {NAME}), or start as another user."
    )


def _look_up(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def let_pass(user: Account, path: Path) -> list[Path]:
    """Let `user` walk to `path` through folders that are closed to others; returns the folders that were
    opened.

    A folder is opened for passing only (not for listing), by an access control entry for this one user where
    the file system has them, else by the mode bit for others. Raises SystemUserError naming the folder when
    that fails.
    """
    if os.geteuid() != 0 or user.uid == 0:
        return []
    opened = []
    for folder in [*reversed(path.parents), path]:
        if _may_pass(user, folder):
            continue
        try:
            _add_entry(user, folder)
        except OSError:
            try:
                folder.chmod(folder.stat().st_mode | 0o001)
            except OSError as error:
                raise SystemUserError(
                    f"User {user.name} cannot pass through {folder} to reach {path}: {error.strerror}. "
                    f"Allow it (chmod o+x {folder}) or move the installation to a folder like /opt or /srv."
                ) from None
        opened.append(folder)
    return opened


def _may_pass(user: Account, folder: Path) -> bool:
    """Ask the kernel as that user: mode bits alone do not tell what access lists and mounts allow."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            os._exit(0 if os.access(folder, os.X_OK) else 1)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# Extended attribute layout: linux/posix_acl_xattr.h, version 2, little endian; entries (tag u16, permissions
# u16, id u32) in the order owner, named users, group, mask, others.
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NO_ID = 0xFFFFFFFF


def _add_entry(user: Account, folder: Path) -> None:
    """Add `user:--x` to the access control list of `folder`. Raises OSError where there are no such lists."""
    if not hasattr(os, "getxattr"):
        raise OSError(errno.ENOTSUP, "no access control lists here")
    try:
        raw = os.getxattr(folder, _ACL)
        entries = [struct.unpack_from("<HHI", raw, offset) for offset in range(4, len(raw), 8)]
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        mode = folder.stat().st_mode
        entries = [
            (_OWNER, mode >> 6 & 7, _NO_ID),
            (_GROUP, mode >> 3 & 7, _NO_ID),
            (_OTHER, mode & 7, _NO_ID),
        ]
    kept = [entry for entry in entries if entry[0] != _MASK and entry[::2] != (_USER, user.uid)]
    kept.append((_USER, 1, user.uid))
    # The mask caps named users and the group: it must let through what the group had, and passing.
    mask = 1 | next((entry[1] for entry in entries if entry[0] == _MASK), 0)
    mask |= next((entry[1] for entry in entries if entry[0] == _GROUP), 0)
    kept.append((_MASK, mask, _NO_ID))
    kept.sort(key=lambda entry: (entry[0], entry[2]))
    os.setxattr(folder, _ACL, struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in kept))
