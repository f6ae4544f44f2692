"""What an agent shows and asks for: its key and certificate, made by the host's openssl, and its bearer token."""

import ipaddress
import os
import re
import shutil
import ssl
import tempfile
from typing import Dict, Tuple

from scanners.probe import commands
from scanners.probe.agent import CERTIFICATE, KEY, TOKEN, SetupError
from scanners.probe.reading import Reader

FILE_BYTES = 1 << 16
DAYS = 3650  # pinned by the server, which is what ends its trust; enrolling again makes another
OPENSSL_SECONDS = 30.0
_DNS = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*"
)
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n.*?-----END \1-----\n", re.DOTALL)
# No CA: nobody can sign with it what a server that pins it would trust.
_CONFIGURATION = """\
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = plimsoll-probe
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = {kind}:{host}
"""


def subject(host: str) -> Tuple[str, str]:
    """The kind of name that a host is in a certificate, IP or DNS, and the name. Raises `SetupError`."""
    try:
        return "IP", str(ipaddress.ip_address(host))
    except ValueError:
        if not _DNS.fullmatch(host):
            raise SetupError(f"{host!r} is neither a name nor an address of a host") from None
        return "DNS", host


def make_certificate(host: str) -> Tuple[str, str]:
    """A new private key and its certificate for this host, as PEM, in memory alone. Raises `SetupError`."""
    kind, name = subject(host)
    reader = Reader("/", OPENSSL_SECONDS * 2)
    folder = tempfile.mkdtemp(prefix="plimsoll-probe-")
    try:
        configuration = os.path.join(folder, "openssl.cnf")
        with open(configuration, "w") as file:
            file.write(_CONFIGURATION.format(kind=kind, host=name))
        # Both come out of one pipe, so that the key is in no file before the server has agreed.
        said = commands.run(
            reader,
            (
                "openssl", "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-pkeyopt", "ec_param_enc:named_curve", "-nodes", "-sha256", "-days", str(DAYS),
                "-config", configuration, "-keyout", "/dev/stdout",
            ),
            FILE_BYTES,
            OPENSSL_SECONDS,
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found = {match.group(1): match.group(0) for match in _PEM.finditer(said or "")}
    key = found.get("PRIVATE KEY") or found.get("EC PRIVATE KEY")
    certificate = found.get("CERTIFICATE")
    if not key or not certificate:
        why = "; ".join(sorted(item["reason"] for item in reader.skipped)) or "it is not installed"
        raise SetupError(f"openssl could not make a certificate ({why}): give --certificate and --key")
    return certificate, key


def read_certificate(certificate: str, key: str) -> Tuple[str, str]:
    """A certificate and its key from files, as PEM. Raises `SetupError`."""
    texts = []
    for path in (certificate, key):
        try:
            with open(path, "rb") as file:
                texts.append(file.read(FILE_BYTES).decode("ascii"))
        except OSError as error:
            raise SetupError(f"{path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise SetupError(f"{path} is not PEM") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError):
        raise SetupError(
            f"{certificate} and {key} are not a certificate and its key, as PEM, unencrypted"
        ) from None
    return texts[0], texts[1]


class Directory:
    """Where the agent's files go: all prepared before the server is asked, and put in place once it has agreed.

    Raises `SetupError` when they cannot be written, stand there already and `force` is not given, or others may look in.
    """

    def __init__(self, path: str, force: bool) -> None:
        self._path = os.path.abspath(path)
        self._prepared: Dict[str, str] = {}  # name -> where it waits
        self._is_new = not os.path.isdir(self._path)
        if not self._is_new and os.stat(self._path).st_mode & 0o077:
            raise SetupError(
                f"{self._path} is open to others than its owner: chmod 700 it, or name another one"
            )
        taken = [
            name for name in (CERTIFICATE, KEY, TOKEN) if os.path.lexists(os.path.join(self._path, name))
        ]
        if taken and not force:
            raise SetupError(
                f"{self._path} already holds {', '.join(taken)}: --force replaces what an earlier enrolment made"
            )

    def prepare(self, certificate: str, key: str, token: str) -> None:
        try:
            if self._is_new:
                os.makedirs(self._path, 0o700)
            for name, text in ((CERTIFICATE, certificate), (KEY, key), (TOKEN, token + "\n")):
                handle, self._prepared[name] = tempfile.mkstemp(
                    prefix="." + name + ".", dir=self._path
                )  # 0600
                with os.fdopen(handle, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            self.give_up()
            raise SetupError(f"{self._path} cannot be written: {error.strerror}") from None

    def keep(self) -> None:
        """Put the files in place, each as a whole."""
        for name in list(self._prepared):
            os.replace(self._prepared[name], os.path.join(self._path, name))
            del self._prepared[name]

    def give_up(self) -> None:
        """Leave nothing behind of what was prepared and not kept."""
        for path in self._prepared.values():
            try:
                os.unlink(path)
            except OSError:
                pass
        if self._is_new:
            try:
                os.rmdir(self._path)
            except OSError:
                pass
