"""A real image registry (Debian's docker-registry), filled with skopeo from layouts that the tests build.

`Registry` runs one with what a test asks for: TLS or not, and anonymous, by password, or by the tokens of `TokenRealm`.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import bcrypt
import jwt
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from scanners.connectors.registry_client import fallback_tag
from scanners.oci import OCI_INDEX, OCI_MANIFEST
from scanners.records import Credential
from scanners.signatures.records import Attachment
from tests.engines import free_port, need, program, wait_until

USER, PASSWORD = "reader", "a long: pass word"
SERVICE, ISSUER = "registry of the tests", "realm of the tests"
AUTHORITY = trustme.CA()
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


class Layout:
    """An OCI image layout on disk that images are added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self._named: list[dict[str, Any]] = []

    def blob(self, body: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = digest_of(body)
        (self.folder / "blobs" / "sha256" / digest.partition(":")[2]).write_bytes(body)
        return {"mediaType": media_type, "digest": digest, "size": len(body), **more}

    def document(self, content: dict[str, Any], media_type: str, **more: Any) -> dict[str, Any]:
        return self.blob(json.dumps(content).encode(), media_type, **more)

    def image(self, text: str, architecture: str = "amd64", variant: str = "") -> dict[str, Any]:
        """The descriptor of an image whose only file holds `text`."""
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            entry = tarfile.TarInfo("said.txt")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"User": "1000", "Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar.getvalue())]},
            "history": [{"created_by": "COPY said.txt /"}],
        }
        platform = {"os": "linux", "architecture": architecture} | ({"variant": variant} if variant else {})
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.document(config, CONFIG),
            "layers": [self.blob(gzip.compress(tar.getvalue(), mtime=0), LAYER)],
        }
        return self.document(manifest, OCI_MANIFEST, platform=platform)

    def index(self, images: Sequence[dict[str, Any]]) -> dict[str, Any]:
        content = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(images)}
        return self.document(content, OCI_INDEX)

    def name(self, descriptor: dict[str, Any], tag: str) -> str:
        """Name one of the layout's images; returns its digest."""
        annotations = {"org.opencontainers.image.ref.name": tag}
        self._named.append(
            {k: v for k, v in descriptor.items() if k != "platform"} | {"annotations": annotations}
        )
        index = {"schemaVersion": 2, "manifests": self._named}
        (self.folder / "index.json").write_text(json.dumps(index))
        return str(descriptor["digest"])


@dataclass
class Running:
    """A registry that answers at `address`; `host` is what names of its images begin with."""

    address: str
    credential: Credential
    folder: Path
    token: str = ""
    log: Path = field(default_factory=Path)

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def requests(self) -> list[str]:
        """What was asked so far, a line each, as its access log says."""
        return [line for line in self.log.read_text().splitlines() if "HTTP/1.1" in line]

    def push(self, layout: Layout, tag: str, repository: str, to: str = "") -> None:
        """Copy a named image, or every image of a named index, with skopeo."""
        command = [program("skopeo"), "copy", "--all", "--preserve-digests", "--quiet"]
        if self.address.startswith("https"):
            command += ["--dest-cert-dir", str(self.folder / "certificates")]
        else:
            command += ["--dest-tls-verify=false"]
        if self.credential.username:
            command += ["--dest-creds", f"{USER}:{PASSWORD}"]
        target = f"docker://{self.host}/{repository}:{to or tag}"
        done = subprocess.run(
            [*command, f"oci:{layout.folder}:{tag}", target], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr

    def put_blob(self, repository: str, body: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Upload through the registry's API; returns the descriptor."""
        digest = digest_of(body)
        _, headers, _ = self.send("POST", f"/v2/{repository}/blobs/uploads/")
        location = headers["Location"]
        joined = "&" if "?" in location else "?"
        status, _, said = self.send("PUT", f"{location}{joined}digest={digest}", body)
        assert status == 201, said
        return {"mediaType": media_type, "digest": digest, "size": len(body), **more}

    def put_manifest(self, repository: str, reference: str, content: dict[str, Any]) -> dict[str, Any]:
        """Put a manifest or index under a tag; returns its descriptor."""
        body = json.dumps(content).encode()
        status, _, said = self.send(
            "PUT",
            f"/v2/{repository}/manifests/{reference or digest_of(body)}",
            body,
            {"Content-Type": content["mediaType"]},
        )
        assert status == 201, said
        return {"mediaType": content["mediaType"], "digest": digest_of(body), "size": len(body)}

    def put_signature(self, repository: str, attachment: Attachment, tag: str) -> dict[str, Any]:
        """Put a document beside an image under one of cosign's tags; returns the descriptor of its manifest."""
        layer = self.put_blob(
            repository, attachment.body, attachment.media_type, annotations=attachment.annotations
        )
        config = self.put_blob(repository, b"{}", CONFIG)
        content = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]}
        return self.put_manifest(repository, tag, content)

    def put_referrers(self, repository: str, digest: str, *attachments: Attachment) -> None:
        """Put documents beside an image as OCI 1.1 says, and list them under the tag that stands in for the API."""
        listed = []
        for attachment in attachments:
            empty = self.put_blob(repository, b"{}", "application/vnd.oci.empty.v1+json")
            layer = self.put_blob(
                repository, attachment.body, attachment.media_type, annotations=attachment.annotations
            )
            content = {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": attachment.artifact_type,
                "config": empty,
                "layers": [layer],
                "subject": {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1},
            }
            descriptor = self.put_manifest(repository, "", content)
            listed.append({**descriptor, "artifactType": attachment.artifact_type})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
        self.put_manifest(repository, fallback_tag(digest), index)

    def send(
        self, method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """One request of the tests' own, as whoever may write."""
        url = url if "://" in url else self.address + url
        request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
        if body is not None and "Content-Type" not in (headers or {}):
            request.add_header("Content-Type", "application/octet-stream")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        elif self.credential.username:
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        context = None
        if url.startswith("https"):
            context = ssl.create_default_context(cadata=AUTHORITY.cert_pem.bytes().decode())
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()


@contextlib.contextmanager
def running(
    folder: Path, *, tls: bool = False, password: bool = False, realm: TokenRealm | None = None
) -> Iterator[Running]:
    """Start a registry that keeps its images below `folder`."""
    need("docker-registry", "skopeo")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "of the tests"},
    }
    credential = Credential()
    if tls:
        certificate = AUTHORITY.issue_cert("127.0.0.1", "localhost")
        (folder / "certificates").mkdir()
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        for place, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(str(folder / "certificate.pem"), append=place > 0)
        AUTHORITY.cert_pem.write_to_path(str(folder / "certificates" / "ca.crt"))
        config["http"]["tls"] = {
            "certificate": str(folder / "certificate.pem"),
            "key": str(folder / "key.pem"),
        }
        credential = Credential(ca_certificate=AUTHORITY.cert_pem.bytes().decode())
    token = ""
    if password:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        (folder / "htpasswd").write_text(f"{USER}:{hashed}\n")
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(folder / "htpasswd")}}
        credential = Credential(ca_certificate=credential.ca_certificate, username=USER, password=PASSWORD)
    if realm is not None:
        bundle = folder / "realm.pem"
        bundle.write_bytes(realm.certificate)
        config["auth"] = {
            "token": {
                "realm": realm.url,
                "service": SERVICE,
                "issuer": ISSUER,
                "rootcertbundle": str(bundle),
            }
        }
        token = realm.token([{"type": "repository", "name": "*", "actions": ["*"]}], seconds=3600)
        credential = Credential(ca_certificate=credential.ca_certificate, username=USER, password=PASSWORD)
    path = folder / "config.yml"
    path.write_text(json.dumps(config))  # JSON is YAML
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program("docker-registry"), "serve", str(path)], stdout=log, stderr=log, cwd=folder
        )
    scheme = "https" if tls else "http"
    started = Running(f"{scheme}://127.0.0.1:{port}", credential, folder, token=token, log=folder / "log")

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return started.send("GET", "/v2/")[0] in (200, 401)
        except OSError:
            return False

    try:
        wait_until(answers, "the registry answers")
        yield started
    finally:
        process.terminate()
        process.wait(20)


class TokenRealm:
    """A small real server that gives out the registry's tokens, as the token authentication specification says.

    `asked` holds (query, Authorization header) of each request. Tokens are good for `seconds`, and say `said_seconds`.
    """

    def __init__(self, seconds: int = 300) -> None:
        self.seconds = seconds
        self.asked: list[tuple[dict[str, list[str]], str]] = []
        self._signer = AUTHORITY.issue_cert("realm.example")
        self.certificate = AUTHORITY.cert_pem.bytes()
        realm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                authorization = self.headers.get("Authorization", "")
                realm.asked.append((query, authorization))
                expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
                if authorization and authorization != f"Basic {expected}":
                    self.send_response(401)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = json.dumps(
                    {
                        "token": realm.token(
                            realm.access(query, signed_in=bool(authorization)), realm.seconds
                        ),
                        "expires_in": realm.seconds,
                    }
                ).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> TokenRealm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @staticmethod
    def access(query: dict[str, list[str]], *, signed_in: bool) -> list[dict[str, Any]]:
        """Everybody may pull what begins with public/; who signed in, everything."""
        granted = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            if signed_in or name.startswith("public/"):
                granted.append({"type": kind, "name": name, "actions": actions.split(",")})
        return granted

    def token(self, access: list[dict[str, Any]], seconds: int) -> str:
        now = int(time.time())
        chain = [
            base64.b64encode(x509.load_pem_x509_certificate(blob.bytes()).public_bytes(Encoding.DER)).decode()
            for blob in self._signer.cert_chain_pems
        ]
        claims = {
            "iss": ISSUER,
            "sub": USER,
            "aud": SERVICE,
            "exp": now + seconds,
            "nbf": now - 10,
            "iat": now,
            "jti": str(time.monotonic_ns()),
            "access": access,
        }
        key = self._signer.private_key_pem.bytes()
        return jwt.encode(claims, key, algorithm="ES256", headers={"x5c": chain})
