"""Programs and libraries by their paths, so that what a package owns and what a process has loaded can be compared."""

from __future__ import annotations

# Where /usr is merged ("The Case for the /usr Merge", systemd.io) packages list files under the old names of folders and the
# kernel tells the new ones. Distributions that keep both apart put no two files of one name into them.
_MERGED = ("/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/")


def canonical(path: str) -> str:
    """One spelling of a path, whichever side of a merged /usr it is told from."""
    if path.startswith(_MERGED):
        path = f"/usr{path}"
    return f"/usr/bin/{path[10:]}" if path.startswith("/usr/sbin/") else path
