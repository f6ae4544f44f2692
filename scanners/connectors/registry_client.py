"""Reads an image registry through the OCI distribution API 1.1: Docker Hub and any other registry v2.

Everything read by digest is checked against it, and what a registry gives under a tag against the digest that it
claims. Redirects are followed for reading only, and without what the registry alone may see.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urlsplit

import msgspec

from scanners.answers import Answer, MalformedAnswerError
from scanners.connectors.address import NodeAddress, check_address
from scanners.connectors.guard import Guard
from scanners.connectors.origins import Origin, Origins, Reply, Target
from scanners.connectors.registry_auth import Authority, refused
from scanners.connectors.session import NO_OPTIONS, Options
from scanners.oci import (
    INDEXES,
    MANIFESTS,
    OCI_INDEX,
    Descriptor,
    DigestMismatchError,
    Index,
    MalformedManifestError,
    Manifest,
    Platform,
    checked,
    is_digest,
    is_repository,
    is_tag,
    read_manifest,
)
from scanners.records import Credential, Limits, NodeError, Record

HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"
MANIFEST_BYTES = 4 * 1024 * 1024  # what a registry must take at least, so the most that anybody relies on
CONFIG_BYTES = 8 * 1024 * 1024
LONGEST_WAIT_SECONDS = 60.0
_TAGS_PER_PAGE = 1000
_MOST_PAGES = 1000
_MOST_ATTEMPTS = 3
_ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))
_NEXT = re.compile(r"<([^<>]*)>\s*((?:;[^,<]*)*)")
_RELATION = re.compile(r';\s*rel\s*=\s*"?next"?\s*(;|$)', re.IGNORECASE)
_WINDOW = re.compile(r"(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?")


class RegistryAddress(Record, frozen=True, kw_only=True):
    """Where a registry is. `namespace` limits what is read to the repositories below it; "" is all."""

    origin: Origin
    namespace: str = ""

    @property
    def name(self) -> str:
        """What stands before the first slash of the names of its images: docker.io, registry.example:5000."""
        return HUB if self.origin.host == _HUB_HOST else self.origin.authority

    def holds(self, repository: str) -> bool:
        return not self.namespace or f"{repository}/".startswith(f"{self.namespace}/")

    def __str__(self) -> str:
        return f"{self.origin}/{self.namespace}" if self.namespace else str(self.origin)


class RateLimit(Record, frozen=True, kw_only=True):
    """How many manifests may still be asked for, as Docker Hub says. `window_seconds` is 0 when it does not say."""

    remaining: int
    limit: int
    window_seconds: int


class Resolved(Record, frozen=True, kw_only=True):
    """An image of one platform, and the index that it was chosen from, if there is one."""

    manifest: Manifest
    index: Index | None = None


def parse_registry_address(text: str) -> RegistryAddress:
    """Read https://registry.example[:port][/namespace]; docker.io is Docker Hub. http:// must be allowed on opening.

    Raises `NodeError` `address_invalid` naming what is wrong.
    """
    address = text.strip()
    if any(ord(character) < 33 or ord(character) > 126 for character in address):
        raise _invalid("it holds blanks, or characters that no address has")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _invalid("host or port cannot be read") from None
    if parts.scheme not in ("https", "http"):
        raise _invalid("it does not begin with https://")
    if not parts.hostname:
        raise _invalid("it names no host")
    if parts.username is not None or parts.password is not None:
        raise _invalid("a user or a password does not belong in an address")
    if parts.query or parts.fragment or port == 0:
        raise _invalid("it holds more than host, port and namespace")
    namespace = parts.path.strip("/")
    if namespace and not is_repository(namespace):
        raise _invalid(f"{namespace[:60]!r} is no namespace of a registry")
    host = parts.hostname
    if host in ("docker.io", "index.docker.io", "hub.docker.com", "registry.hub.docker.com"):
        host = _HUB_HOST
    standard = 443 if parts.scheme == "https" else 80
    origin = Origin(scheme=parts.scheme, host=host, port=port or standard)
    return RegistryAddress(origin=origin, namespace=namespace)


def _invalid(reason: str) -> NodeError:
    return NodeError(
        "address_invalid",
        f"The address is not usable: {reason}.",
        "Use https://registry.example, with :port and /namespace where they are needed.",
    )


@contextlib.contextmanager
def open_registry(
    address: str,
    credential: Credential,
    limits: Limits,
    options: Options = NO_OPTIONS,
    *,
    is_cancelled: Callable[[], bool],
) -> Iterator[Registry]:
    """A client of the registry at an address, closed again after use; nothing is asked yet. Raises `NodeError`."""
    parsed = parse_registry_address(address)
    if parsed.origin.scheme == "http" and not options.allow_plaintext:
        raise NodeError(
            "address_invalid",
            "A registry without TLS is read only where that is allowed.",
            "Use https://, or allow plaintext on the node.",
        )
    guard = Guard(limits, is_cancelled)
    # Refused here, so that a bad address is said before anything is asked.
    check_address(
        NodeAddress(scheme=parsed.origin.scheme, host=parsed.origin.host, port=parsed.origin.port),
        options.denied_networks,
    )
    origins = Origins(parsed.origin, credential, options, guard)
    try:
        yield Registry(parsed, origins, Authority(origins, credential), guard)
    finally:
        origins.close()


class Registry:
    """An open registry. Made by `open_registry`.

    Every method raises `NodeError`: `vanished` for what is not there, `digest_mismatch` for content that is not what
    it should be, `malformed` and `too_large` for one that cannot be read, `permission_denied`, `rate_limited`,
    `registry_error`, and those of connections.
    """

    def __init__(
        self, address: RegistryAddress, origins: Origins, authority: Authority, guard: Guard
    ) -> None:
        self.address = address
        self.rate_limit: RateLimit | None = None  # as last told
        self.api_version = ""  # "registry/2.0", where the registry says so
        self._origins = origins
        self._authority = authority
        self._guard = guard
        self._has_referrers: bool | None = None  # not known before the first answer

    @property
    def bytes_read(self) -> int:
        """Bytes received so far, of all hosts that were asked."""
        return self._guard.received

    def check_budget(self) -> None:
        """Raises `NodeError` once time or bytes of the whole session are used up, or it is cancelled."""
        self._guard.check()

    # -- what is asked

    def ping(self) -> None:
        """Find out whether this is a registry that lets us in; for the anonymous, its repositories decide that."""
        try:
            reply = self._ask("/v2/", scope="")
        except NodeError as error:
            if error.code == "permission_denied" and self._authority.decides_by_repository:
                return
            raise
        status = reply.status
        self.api_version = reply.header("Docker-Distribution-Api-Version")
        if status == 429:
            self._found(reply, "address")
        reply.finish()
        if status != 200:
            raise NodeError(
                "not_a_registry",
                f"{self.address.origin.host} answers /v2/ with HTTP status {status}, as no registry does.",
                "Check host and port.",
            )

    def tags(self, repository: str) -> Iterator[str]:
        """The tags of a repository, page by page, in the registry's order."""
        path = f"/v2/{_repository(repository)}/tags/list?n={_TAGS_PER_PAGE}"
        asked: set[str] = set()
        count = 0
        while path:
            asked.add(path)
            reply = self._found(self._ask(path, scope=_pull(repository)), f"repository {repository}")
            path = self._next_page(reply, f"/v2/{repository}/tags/list")
            try:
                answer = Answer(msgspec.json.decode(reply.read(self._item_bytes)), "tags")
                listed = answer.texts("tags")
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, MalformedAnswerError):
                raise _malformed(f"The list of tags of {repository} cannot be read.") from None
            if path in asked or len(asked) > _MOST_PAGES:
                raise _malformed(f"The list of tags of {repository} never ends.")
            for tag in listed:
                count += 1
                if count > self._guard.limits.items:
                    raise NodeError(
                        "too_many",
                        f"{repository} has more than {self._guard.limits.items} tags.",
                        "The limit can be raised on the node.",
                    )
                if is_tag(tag):
                    yield tag

    def resolve(self, repository: str, reference: str) -> str | None:
        """The digest that a tag means now, None when there is none. Not counted by Docker Hub, so it is asked first."""
        reply = self._ask(self._manifest_path(repository, reference), _pull(repository), method="HEAD")
        reply.finish()
        if reply.status == 404:
            return None
        self._found(reply, f"{repository}:{reference}")
        digest = reply.header("Docker-Content-Digest")
        if not digest:  # a registry may leave it out
            return self.manifest(repository, reference).digest
        if not is_digest(digest) or (is_digest(reference) and digest != reference):
            raise _mismatch(f"{repository}:{reference}", "the registry answers with another digest")
        return digest

    def manifest(self, repository: str, reference: str) -> Manifest | Index:
        """A manifest or index by tag or digest; its bytes have the digest that was asked for, or that was claimed."""
        what = f"{repository}{'@' if is_digest(reference) else ':'}{reference}"
        reply = self._ask(self._manifest_path(repository, reference), _pull(repository))
        self._found(reply, what)
        claimed = reply.header("Docker-Content-Digest")
        body = reply.read(min(MANIFEST_BYTES, self._item_bytes))
        digest = reference if is_digest(reference) else claimed
        if digest and not is_digest(digest):
            digest = ""
        try:
            return read_manifest(body, digest=digest, media_type=reply.header("Content-Type"))
        except DigestMismatchError as error:
            raise _mismatch(what, str(error)) from None
        except MalformedManifestError as error:
            raise _malformed(f"{what} cannot be read: {error}.") from None

    def image(self, repository: str, reference: str, platform: Platform) -> Resolved:
        """The image of a platform; `vanished` when the index has none for it."""
        found = self.manifest(repository, reference)
        if isinstance(found, Manifest):
            return Resolved(manifest=found)
        chosen = found.for_platform(platform)
        if chosen is None:
            offered = ", ".join(map(str, found.platforms[:20])) or "none"
            raise NodeError(
                "vanished", f"{repository} has no image for {platform} there; it has {offered}.", ""
            )
        manifest = self.manifest(repository, chosen.digest)
        if not isinstance(manifest, Manifest):
            raise _malformed(f"{repository}@{chosen.digest} is an index within an index.")
        return Resolved(manifest=manifest, index=found)

    def blob(self, repository: str, descriptor: Descriptor, limit: int = CONFIG_BYTES) -> bytes:
        """A small blob as a whole, checked. `too_large` above `limit` bytes, before anything is read."""
        if descriptor.size > limit:
            raise NodeError(
                "too_large",
                f"{repository}@{descriptor.digest} has {descriptor.size} bytes; {limit} are read at most.",
                "",
            )
        return b"".join(self.stream(repository, descriptor))

    def stream(self, repository: str, descriptor: Descriptor) -> Iterator[bytes]:
        """A blob in pieces of at most 64 KiB. Whoever reads must read to the end: the digest is known only there."""
        what = f"{repository}@{descriptor.digest}"
        path = f"/v2/{_repository(repository)}/blobs/{descriptor.digest}"
        reply = self._found(self._ask(path, _pull(repository)), what)
        try:
            yield from checked(reply.stream(), descriptor)
        except DigestMismatchError as error:
            reply.discard()
            raise _mismatch(what, str(error)) from None

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...]:
        """What refers to an image: signatures, attestations, SBOMs. Registries before OCI 1.1 keep the list in a tag."""
        if self._has_referrers is not False:
            path = f"/v2/{_repository(repository)}/referrers/{digest}"
            listed = self._referrer_pages(path, repository, digest)
            if listed is not None:
                self._has_referrers = True
                return listed
            self._has_referrers = False
        found = self.tagged(repository, fallback_tag(digest))
        if found is None:
            return ()
        if not isinstance(found, Index):
            raise _malformed(f"What refers to {repository}@{digest} is no index.")
        return found.manifests

    def _referrer_pages(self, path: str, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
        listed: list[Descriptor] = []
        asked: set[str] = set()
        own = path
        while path and path not in asked and len(asked) < _MOST_PAGES:
            asked.add(path)
            reply = self._ask(path, _pull(repository), accept=OCI_INDEX)
            if not listed and _knows_no_referrers(reply):
                reply.finish()
                return None
            self._found(reply, f"what refers to {repository}@{digest}")
            path = self._next_page(reply, own)
            try:
                found = read_manifest(reply.read(self._item_bytes), media_type=reply.header("Content-Type"))
            except MalformedManifestError as error:
                raise _malformed(f"What refers to {repository}@{digest} cannot be read: {error}.") from None
            if not isinstance(found, Index):
                raise _malformed(f"What refers to {repository}@{digest} is no index.")
            listed += found.manifests
            if len(listed) > self._guard.limits.items:
                raise NodeError("too_many", f"Too much refers to {repository}@{digest}.", "")
        return tuple(listed)

    def tagged(self, repository: str, tag: str) -> Manifest | Index | None:
        """What a tag names, None when there is no such tag."""
        try:
            digest = self.resolve(repository, tag)
            return None if digest is None else self.manifest(repository, digest)
        except NodeError as error:
            if error.code == "vanished":
                return None
            raise

    def attached(self, repository: str, digest: str, suffix: str) -> Manifest | None:
        """What cosign keeps beside an image under a tag made of its digest: `suffix` is sig, att or sbom."""
        found = self.tagged(repository, f"{fallback_tag(digest)}.{suffix}")
        if isinstance(found, Index):
            raise _malformed(f"{repository}:{fallback_tag(digest)}.{suffix} is an index.")
        return found

    # -- how it is asked

    @property
    def _item_bytes(self) -> int:
        return self._guard.limits.item_bytes

    def _manifest_path(self, repository: str, reference: str) -> str:
        if not is_digest(reference) and not is_tag(reference):
            raise _malformed(f"{reference[:80]!r} is neither a tag nor a digest.")
        return f"/v2/{_repository(repository)}/manifests/{quote(reference, safe=':')}"

    def _ask(self, path: str, scope: str, *, method: str = "GET", accept: str = _ACCEPTED) -> Reply:
        """One question to the registry, with whatever it wants to be shown, and once more after it asked us to wait."""
        target = Target(origin=self.address.origin, path=path)
        has_waited = False
        attempts = 0
        while True:
            is_counted = method != "HEAD" and "/manifests/" in path
            if is_counted and self.rate_limit is not None and self.rate_limit.remaining <= 0:
                raise _rate_limited(self.rate_limit.window_seconds)
            attempts += 1
            reply = self._origins.ask(
                target, {"Accept": accept}, method, secret=self._authority.header(scope)
            )
            if reply.target.origin == self.address.origin:
                self._note_rate_limit(reply)
            if reply.status == 401 and reply.target.origin == self.address.origin:
                offered = reply.headers("WWW-Authenticate")
                reply.finish()
                if attempts >= _MOST_ATTEMPTS or not self._authority.answer(offered, scope):
                    raise refused(is_anonymous=self._authority.is_anonymous)
            elif reply.status in (429, 503) and (seconds := _retry_after(reply)) is not None:
                reply.finish()
                if has_waited or seconds > min(LONGEST_WAIT_SECONDS, self._guard.remaining()):
                    raise _rate_limited(seconds)
                has_waited = True
                self._guard.wait(seconds)
            else:
                return reply

    def _found(self, reply: Reply, what: str) -> Reply:
        """The same reply if it is the content. Raises `NodeError` naming what was asked for."""
        status = reply.status
        if status == 200:
            return reply
        reply.finish()
        if status in (401, 403):
            raise NodeError(
                "permission_denied", f"The registry does not let us read {what}.", "May this account pull it?"
            )
        if status == 404:
            raise NodeError("vanished", f"The registry has no {what}.", "")
        if status == 429:
            raise _rate_limited(None)
        raise NodeError(
            "registry_error",
            f"The registry answers for {what} with HTTP status {status}.",
            "It is tried again later.",
        )

    def _next_page(self, reply: Reply, path: str) -> str:
        """The path of the page that Link: <…>; rel="next" names; only ever another page of the same list."""
        for link in reply.headers("Link"):
            for url, parameters in _NEXT.findall(link[:8192]):
                if not _RELATION.search(parameters):
                    continue
                target = self._origins.target(url, reply.target)
                if target.origin != self.address.origin or target.path.partition("?")[0] != path:
                    raise _malformed("The next page of a list is said to be at another place.")
                return target.path
        return ""

    def _note_rate_limit(self, reply: Reply) -> None:
        remaining = _WINDOW.match(reply.header("RateLimit-Remaining"))
        if remaining is None:
            return
        limit = _WINDOW.match(reply.header("RateLimit-Limit"))
        self.rate_limit = RateLimit(
            remaining=int(remaining[1]),
            limit=int(limit[1]) if limit else 0,
            window_seconds=int(remaining[2] or 0),
        )


def fallback_tag(digest: str) -> str:
    """The tag that stands for a digest where the referrers API is not known: sha256-<hex>, cut as the API says."""
    algorithm, _, encoded = digest.partition(":")
    return f"{algorithm[:32]}-{encoded[:64]}"


def _knows_no_referrers(reply: Reply) -> bool:
    """The answer of a registry before OCI 1.1, or of a page for people before it; the API says 200 to an empty list."""
    is_page = reply.status == 200 and "json" not in reply.header("Content-Type")
    return is_page or reply.status in (400, 404, 405, 406, 501)


def _repository(name: str) -> str:
    if not is_repository(name):
        raise _malformed(f"{name[:80]!r} is no repository's name.")
    return name


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _retry_after(reply: Reply) -> float | None:
    """Seconds that the server asks us to wait; None when it does not say."""
    said = reply.header("Retry-After")
    if re.fullmatch(r"\d{1,9}", said):
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _rate_limited(seconds: float | None) -> NodeError:
    when = f" It asks us to wait {seconds:.0f} s." if seconds else ""
    return NodeError(
        "rate_limited",
        f"The registry lets us read no more for now.{when}",
        "Pull it less often, or sign in: accounts may read more.",
    )


def _mismatch(what: str, why: str) -> NodeError:
    return NodeError(
        "digest_mismatch",
        f"{what} is not what it should be: {why}.",
        "Has the registry, or a proxy, been tampered with?",
    )


def _malformed(message: str) -> NodeError:
    return NodeError("malformed", message, "")
