"""Makes the secret files that docker-compose.yml mounts, in `secrets/`; a file that exists is never touched.

    python3 tools/compose_secrets.py [folder]

The folder is closed to everybody else. The files in it are readable, because containers read them under numeric
users of their own, and a folder's mode does not reach into a container.
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path


def make(folder: Path) -> list[str]:
    """Write the missing files; returns their names. Raises OSError when the folder cannot be written."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    made = []

    def keep(name: str, text: str) -> str:
        path = folder / name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
        made.append(name)
        return text

    database = keep("database_password", secrets.token_urlsafe(32))
    keep("database_url", f"postgresql://plimsoll:{database}@postgres:5432/plimsoll")
    broker = keep("redis_config", f"requirepass {secrets.token_urlsafe(32)}").partition(" ")[2]
    keep("redis_url", f"redis://:{broker}@redis:6379/0")
    keep("secret_key", secrets.token_urlsafe(64))
    keep("credential_keys", base64.urlsafe_b64encode(os.urandom(32)).decode())
    return made


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "secrets")
    try:
        made = make(folder)
    except OSError as error:
        sys.stderr.write(f"{folder}: {error.strerror}\n")
        return 1
    sys.stdout.write(f"{folder}: made {', '.join(made) or 'nothing, all are there'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
