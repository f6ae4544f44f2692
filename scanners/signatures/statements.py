"""in-toto statements, the DSSE envelopes that sign them, and SLSA provenance in them.

Sources: DSSE 1.0 (the pre-authentication encoding), in-toto attestation framework 0.1 and 1, SLSA provenance v0.2 and v1.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

import msgspec

from scanners.answers import Answer, MalformedAnswerError
from scanners.records import Record
from scanners.signatures.records import Provenance

IN_TOTO = "application/vnd.in-toto+json"
ENVELOPES = ("application/vnd.dsse.envelope.v1+json", "application/vnd.in-toto.envelope+json")
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"  # a signature in the form of a statement
_STATEMENTS = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
PROVENANCES = (
    "https://slsa.dev/provenance/v0.1",
    "https://slsa.dev/provenance/v0.2",
    "https://slsa.dev/provenance/v1",
)
MOST_SIGNATURES = 10
MOST_SUBJECTS = 1000
_LONGEST_TEXT = 500
_HEX = re.compile(r"[0-9a-f]{8,128}")


class MalformedStatementError(ValueError):
    """An envelope or statement is not what its specification says."""


class Envelope(Record, frozen=True, kw_only=True):
    """What is signed, and the signatures. Who made them is found out with keys alone: key ids are hints of no worth."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]

    @property
    def signed_bytes(self) -> bytes:
        """DSSE's pre-authentication encoding: what the signatures are over."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


class Statement(Record, frozen=True, kw_only=True):
    """Something said of artifacts. `digests` are those of its subjects, as algorithm:hex."""

    predicate_type: str
    digests: tuple[str, ...]
    provenance: Provenance | None = None

    @property
    def is_vouching(self) -> bool:
        """It says that the image is theirs, or how they built it: not merely what is in it."""
        return vouches(self.predicate_type)


def vouches(predicate_type: str) -> bool:
    """Whether a statement with this predicate says whose an artifact is, or how it came to be."""
    return predicate_type == COSIGN_SIGN or predicate_type in PROVENANCES


def decoded(text: str) -> bytes:
    """Base64, of either alphabet, with its padding or without. Raises MalformedStatementError."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedStatementError("something in it is not base64") from None


def json_object(body: bytes, what: str) -> Answer:
    """Raises MalformedStatementError."""
    try:
        return Answer(msgspec.json.decode(body), what)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise MalformedStatementError(f"the {what} is not valid JSON") from None
    except MalformedAnswerError as error:
        raise MalformedStatementError(str(error)) from None


def read_envelope(body: bytes | dict[str, Any]) -> Envelope:
    """A DSSE envelope. Raises MalformedStatementError."""
    try:
        raw = json_object(body, "envelope") if isinstance(body, bytes) else Answer(body, "envelope")
        signatures = raw.children("signatures")
        if len(signatures) > MOST_SIGNATURES:
            raise MalformedStatementError(f"the envelope has more than {MOST_SIGNATURES} signatures")
        return Envelope(
            payload_type=raw.text("payloadType"),
            payload=decoded(raw.text("payload")),
            signatures=tuple(decoded(each.text("sig")) for each in signatures),
        )
    except MalformedAnswerError as error:
        raise MalformedStatementError(str(error)) from None


def read_statement(body: bytes) -> Statement:
    """An in-toto statement; one that is not SLSA provenance has no provenance. Raises MalformedStatementError."""
    raw = json_object(body, "statement")
    try:
        if raw.text("_type") not in _STATEMENTS:
            raise MalformedStatementError("it is no in-toto statement of a version that is known")
        subjects = raw.children("subject")
        if len(subjects) > MOST_SUBJECTS:
            raise MalformedStatementError(f"the statement has more than {MOST_SUBJECTS} subjects")
        digests = [
            f"{algorithm}:{value}"
            for subject in subjects
            for algorithm, value in subject.mapping("digest").items()
        ]
        predicate_type = raw.text("predicateType")
        is_provenance = predicate_type in PROVENANCES
        return Statement(
            predicate_type=predicate_type[:_LONGEST_TEXT],
            digests=tuple(dict.fromkeys(digests)),
            provenance=_provenance(predicate_type, raw.child("predicate")) if is_provenance else None,
        )
    except MalformedAnswerError as error:
        raise MalformedStatementError(str(error)) from None


def _provenance(predicate_type: str, predicate: Answer) -> Provenance:
    return (
        _version_1(predicate_type, predicate)
        if predicate.has("buildDefinition")
        else _version_0(predicate_type, predicate)
    )


def _version_0(predicate_type: str, predicate: Answer) -> Provenance:
    config = predicate.child("invocation").child("configSource")
    source, digests = config.text("uri"), config.mapping("digest")
    if not source:  # v0.1 has a recipe instead of an invocation, and points into the materials
        place = predicate.child("recipe").integer("definedInMaterial")
        materials = predicate.children("materials")
        if 0 <= place < len(materials):
            source, digests = materials[place].text("uri"), materials[place].mapping("digest")
    return Provenance(
        predicate_type=predicate_type,
        builder=_short(predicate.child("builder").text("id")),
        build_type=_short(predicate.text("buildType") or predicate.child("recipe").text("type")),
        source=_short(source),
        revision=_revision(digests),
        built_at=predicate.child("metadata").moment("buildFinishedOn"),
    )


def _version_1(predicate_type: str, predicate: Answer) -> Provenance:
    definition, details = predicate.child("buildDefinition"), predicate.child("runDetails")
    dependencies = definition.children("resolvedDependencies")
    parameters = definition.child("externalParameters").value
    workflow = parameters.get("workflow")
    source = ""
    digests: dict[str, str] = {}
    if isinstance(workflow, dict):  # GitHub's build type names the repository apart from what was resolved
        source = Answer(workflow, "workflow").text("repository")
    elif isinstance(parameters.get("source"), str):
        source = parameters["source"]
    for dependency in dependencies:
        if not source or source.partition("://")[2] in dependency.text("uri"):
            source, digests = dependency.text("uri"), dependency.mapping("digest")
            break
    return Provenance(
        predicate_type=predicate_type,
        builder=_short(details.child("builder").text("id")),
        build_type=_short(definition.text("buildType")),
        source=_short(source),
        revision=_revision(digests),
        built_at=details.child("metadata").moment("finishedOn"),
    )


def _revision(digests: dict[str, str]) -> str:
    for algorithm in ("gitCommit", "sha1", "sha256", *digests):
        value = digests.get(algorithm, "")
        if _HEX.fullmatch(value):
            return f"{algorithm[:20]}:{value}"
    return ""


def _short(text: str) -> str:
    return text[:_LONGEST_TEXT]
