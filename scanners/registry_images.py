"""What is asked of a registry, and what it tells: the signatures and the provenance that it keeps beside an image."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from scanners import typed
from scanners.records import Record
from scanners.signatures.records import SignatureEvidence


class WantedImage(Record, frozen=True, kw_only=True):
    """An image to look up, under one of its names.

    `key` is the image's identity with us. `repository` has no host. `digest` is that of a manifest or an index;
    `platform` chooses within an index. `known` is what was read of it before: a digest means the same for ever, so
    whatever still has the same one is not asked for again.
    """

    key: str
    repository: str
    digest: str
    platform: str = "linux/amd64"
    known: SignatureEvidence | None = None


class RegistryImage(Record, frozen=True, kw_only=True):
    """One image with everything that is attached to it. `document` is the evidence as it is kept."""

    key: str
    evidence: SignatureEvidence
    document: dict[str, Any]
    fingerprint: str


def registry_image(key: str, evidence: SignatureEvidence) -> RegistryImage:
    """The record of an image; unchanged evidence has an unchanged fingerprint, SHA-256 of its canonical JSON, hex."""
    document: dict[str, Any] = msgspec.to_builtins(evidence)
    canonical = msgspec.json.encode(document, order="deterministic")
    return RegistryImage(
        key=key, evidence=evidence, document=document, fingerprint=hashlib.sha256(canonical).hexdigest()
    )


def evidence_again(document: dict[str, Any]) -> SignatureEvidence:
    """The evidence that a kept document holds. Raises `msgspec.ValidationError` when another version wrote it."""
    return typed.convert(document, SignatureEvidence)
