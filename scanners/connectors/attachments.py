"""What a registry keeps beside an image: cosign's tags, what refers to it, and BuildKit's attestations in its index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scanners.connectors.registry_client import Registry, fallback_tag
from scanners.oci import Descriptor, Index, Manifest, parse_platform
from scanners.records import NodeError
from scanners.registry_images import WantedImage
from scanners.signatures import notation, simple_signing
from scanners.signatures.bundles import MEDIA_TYPE_PREFIX
from scanners.signatures.examine import MOST_ATTACHMENTS, MOST_BYTES
from scanners.signatures.records import Attachment, SignatureEvidence
from scanners.signatures.statements import ENVELOPES, IN_TOTO, PROVENANCES, vouches

# How the types of what signs or attests begin; SBOMs and whatever else refers to an image are left alone.
_SIGNING = (
    MEDIA_TYPE_PREFIX,
    notation.ARTIFACT_TYPE,
    simple_signing.MEDIA_TYPE,
    "application/vnd.dev.cosign.artifact.sig.",
    "application/vnd.dev.cosign.artifact.att.",
    *ENVELOPES,
)
_LAYERS = (MEDIA_TYPE_PREFIX, simple_signing.MEDIA_TYPE, notation.JWS, notation.COSE, *ENVELOPES)
_PREDICATE = "in-toto.io/predicate-type"
# Where cosign writes what an attestation says, beside the layer or on the manifest.
_LABELS = ("predicateType", "dev.sigstore.bundle.predicateType")
MOST_IMAGE_BYTES = 8 * 1024 * 1024  # of all documents beside one image, which are kept
_BUILDKIT_KIND, _BUILDKIT_OF = "vnd.docker.reference.type", "vnd.docker.reference.digest"
# What spoils one document and not the image: it counts as signed, in a way that nobody can verify.
_SPOILT = frozenset({"vanished", "malformed", "too_large", "digest_mismatch"})


def evidence_of(registry: Registry, wanted: WantedImage) -> SignatureEvidence:
    """Everything that signs or attests one image. Raises `NodeError`, as `Registry` does."""
    return _Search(registry, wanted).evidence()


class _Search:
    def __init__(self, registry: Registry, wanted: WantedImage) -> None:
        self._registry = registry
        self._wanted = wanted
        self._repository = wanted.repository
        self._found: dict[tuple[str, ...], Attachment] = {}
        self._size = 0
        self._known: dict[str, list[Attachment]] = {}
        for attachment in wanted.known.attachments if wanted.known else ():
            self._known.setdefault(attachment.kept_in, []).append(attachment)

    def evidence(self) -> SignatureEvidence:
        known = self._wanted.known
        index = None
        if known is not None:
            digests = known.digests
        else:
            platform = parse_platform(self._wanted.platform)
            resolved = self._registry.image(self._repository, self._wanted.digest, platform)
            index = resolved.index
            digests = (resolved.manifest.digest, *([index.digest] if index is not None else []))
        for digest in digests:
            for suffix in ("sig", "att"):
                self._beside(digest, suffix)
            for descriptor in self._registry.referrers(self._repository, digest):
                kind = descriptor.artifact_type
                if not kind or kind.startswith(_SIGNING):
                    self._of(descriptor.digest, digest)
        if index is not None:
            self._of_buildkit(index, digests[0])
        else:
            unsigned = [one for kept in self._known.values() for one in kept if one.media_type == IN_TOTO]
            self._add(unsigned)
        return SignatureEvidence(
            repository=f"{self._registry.address.name}/{self._repository}",
            digests=digests,
            # The order in which a registry lists them says nothing, and would look like a change.
            attachments=tuple(attachment for _, attachment in sorted(self._found.items())),
        )

    def _add(self, attachments: Sequence[Attachment]) -> None:
        for one in attachments:
            if len(self._found) <= MOST_ATTACHMENTS:  # one more, so that too many shows as such
                place = (one.media_type, one.kept_in, one.attached_to, one.body.hex(), str(one.annotations))
                self._found.setdefault(place, one)

    def _beside(self, digest: str, suffix: str) -> None:
        """Cosign's tag of this digest."""
        tag = f"{fallback_tag(digest)}.{suffix}"
        found = self._registry.resolve(self._repository, tag)
        if found is not None:
            self._of(found, digest)

    def _of(self, kept_in: str, attached_to: str) -> None:
        """The documents that one artifact holds."""
        known = self._known.get(kept_in)
        if known and not any(one.unread for one in known):
            self._size += sum(len(one.body) for one in known)
            self._add(known)
            return
        manifest = self._manifest(kept_in, attached_to)
        if manifest is None:
            return
        if _is_about_something_else(manifest.annotations):
            return
        is_signing = manifest.kind.startswith(_SIGNING)
        for layer in manifest.layers[: MOST_ATTACHMENTS + 1]:
            if _is_about_something_else(layer.annotations):
                continue
            if layer.media_type.startswith(_LAYERS):
                self._add([self._document(layer, manifest, attached_to)])
            elif is_signing:
                kind = layer.media_type[:100]
                self._add([_unread(manifest, attached_to, f"a document of type {kind} is not read", kind)])

    def _manifest(self, digest: str, attached_to: str) -> Manifest | None:
        try:
            found = self._registry.manifest(self._repository, digest)
        except NodeError as error:
            if error.code not in _SPOILT:
                raise
            self._add(
                [Attachment(media_type="", attached_to=attached_to, kept_in=digest, unread=_said(error))]
            )
            return None
        return found if isinstance(found, Manifest) else None

    def _document(self, layer: Descriptor, manifest: Manifest, attached_to: str) -> Attachment:
        self._size += min(layer.size, MOST_BYTES)
        try:
            if self._size > MOST_IMAGE_BYTES:
                raise NodeError("too_large", f"more than {MOST_IMAGE_BYTES} bytes lie beside the image", "")
            body, unread = self._registry.blob(self._repository, layer, MOST_BYTES), ""
        except NodeError as error:
            if error.code not in _SPOILT:
                raise
            body, unread = b"", _said(error)
        return Attachment(
            media_type=layer.media_type[:200],
            attached_to=attached_to,
            kept_in=manifest.digest,
            artifact_type=manifest.kind[:200],
            annotations=layer.annotations,
            body=body,
            unread=unread,
        )

    def _of_buildkit(self, index: Index, digest: str) -> None:
        """Provenance that BuildKit puts into the index, unsigned, as an entry that refers to the image's."""
        for entry in index.manifests:
            marks = entry.annotations
            if marks.get(_BUILDKIT_KIND) != "attestation-manifest" or marks.get(_BUILDKIT_OF) != digest:
                continue
            manifest = self._manifest(entry.digest, digest)
            if manifest is None:
                continue
            for layer in manifest.layers:
                if layer.media_type == IN_TOTO and layer.annotations.get(_PREDICATE) in PROVENANCES:
                    self._add([self._document(layer, manifest, digest)])


def _is_about_something_else(labels: Mapping[str, str]) -> bool:
    """An attestation that is labelled as an SBOM, a scan or the like: large, and no word on whose the image is.

    A label proves nothing. One that lies hides a signature, and with it nothing but a good word.
    """
    said = [labels[name] for name in _LABELS if labels.get(name)]
    return bool(said) and not any(vouches(predicate_type) for predicate_type in said)


def _unread(manifest: Manifest, attached_to: str, why: str, media_type: str) -> Attachment:
    return Attachment(
        media_type=media_type,
        attached_to=attached_to,
        kept_in=manifest.digest,
        artifact_type=manifest.kind[:200],
        unread=why,
    )


def _said(error: NodeError) -> str:
    return f"it could not be fetched: {error.message}"[:300]
