"""Small images made by hand for the tests: a Debian root with two packages, an application on top, as archives."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tests.engines import root_file_system

STATUS = """Package: openssl
Status: install ok installed
Priority: optional
Section: utils
Installed-Size: 2111
Maintainer: Somebody <somebody@example.org>
Architecture: amd64
Version: 3.0.11-1~deb12u2
Description: a program

Package: libssl3
Status: install ok installed
Priority: optional
Section: libs
Source: openssl
Maintainer: Somebody <somebody@example.org>
Architecture: amd64
Version: 3.0.11-1~deb12u2
Description: a library

"""
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
DEBIAN: dict[str, bytes] = {
    "etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "var/lib/dpkg/status": STATUS.encode(),
    "var/lib/dpkg/info/openssl.md5sums": (
        f"{EMPTY_MD5}  usr/bin/openssl\n{EMPTY_MD5}  usr/share/doc/openssl/copyright\n"
    ).encode(),
    "var/lib/dpkg/info/libssl3:amd64.md5sums": (
        f"{EMPTY_MD5}  usr/lib/x86_64-linux-gnu/libssl.so.3\n"
    ).encode(),
    "usr/bin/openssl": b"",
    "usr/lib/x86_64-linux-gnu/libssl.so.3": b"",
    "usr/share/doc/openssl/copyright": b"",
}
APPLICATION: dict[str, bytes] = {
    "app/requests-2.0.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: requests\nVersion: 2.0.0\n",
    "app/requests-2.0.0.dist-info/RECORD": b"requests/__init__.py,,\nrequests/_fast.cpython-311.so,,\n",
    "app/requests/__init__.py": b"",
    "app/requests/_fast.cpython-311.so": b"",
}


def layer(files: Mapping[str, bytes]) -> bytes:
    """One layer: an uncompressed tar file of these files."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def docker_archive(path: Path, *layers: Mapping[str, bytes], reference: str = "shop/web:1") -> list[str]:
    """Write an image as `docker save` does; returns its id, then the diff ids of its layers."""
    blobs = [layer(files) for files in layers or (DEBIAN, APPLICATION)]
    ids = [digest(blob) for blob in blobs]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": ids},
            "history": [{"created_by": f"layer {number}"} for number in range(len(ids))],
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [
        {
            "Config": name,
            "RepoTags": [reference],
            "Layers": [f"{number}/layer.tar" for number in range(len(ids))],
        }
    ]
    with tarfile.open(path, "w") as tar:
        parts = {name: config, "manifest.json": json.dumps(manifest).encode()}
        parts |= {f"{number}/layer.tar": blob for number, blob in enumerate(blobs)}
        for member, content in parts.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return [digest(config), *ids]


def oci_layout(folder: Path, *layers: Mapping[str, bytes]) -> list[str]:
    """Write an image as an OCI layout; returns its id, then the diff ids of its layers."""
    blobs = [layer(files) for files in layers or (DEBIAN, APPLICATION)]
    ids = [digest(blob) for blob in blobs]
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ids}}
    ).encode()

    def kept(content: bytes, kind: str) -> dict[str, object]:
        place = folder / "blobs" / "sha256" / hashlib.sha256(content).hexdigest()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return {"mediaType": kind, "digest": digest(content), "size": len(content)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": kept(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [kept(blob, "application/vnd.oci.image.layer.v1.tar") for blob in blobs],
    }
    described = kept(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    described["annotations"] = {"org.opencontainers.image.ref.name": "shop/web:1"}
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    return [digest(config), *ids]


def debian_with_busybox() -> bytes:
    """A root file system that runs, and that says of itself that Debian's packages are in it."""
    data = io.BytesIO(root_file_system())
    with tarfile.open(fileobj=data, mode="a") as tar:
        for name, content in DEBIAN.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def of_this_debian(*packages: str) -> bytes:
    """A root file system of these packages as they are installed here: their programs and libraries on a merged /usr, and
    dpkg's word on them. Raises FileNotFoundError or CalledProcessError where this is no Debian that has them."""
    data = io.BytesIO()
    status = []
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name in ("usr", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        for name in ("bin", "sbin", "lib", "lib64"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, f"usr/{name}"
            tar.addfile(link)
        for package in packages:
            said = _dpkg("--status", package)
            status.append(re.sub(r"^Conffiles:\n(?: .*\n)*", "", said, flags=re.MULTILINE))
            for path in map(Path, _dpkg("--listfiles", package).splitlines()):
                # Libc's own list names /lib and /lib64, which are links here.
                if (
                    len(path.parts) > 2
                    and "share" not in path.parts
                    and (path.is_file() or path.is_symlink())
                ):
                    merged = str(path) if path.parts[1] == "usr" else f"/usr{path}"
                    tar.add(path, merged.removeprefix("/"), recursive=False)
            sums = _dpkg("--control-path", package, "md5sums").strip()
            tar.add(sums, sums.removeprefix("/"))
        tar.add("/usr/lib/os-release", "etc/os-release")
        entry = tarfile.TarInfo("var/lib/dpkg/status")
        content = "\n".join(status).encode()
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def _dpkg(*arguments: str) -> str:
    return subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=True).stdout
