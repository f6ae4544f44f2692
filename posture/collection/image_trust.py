"""What every environment makes of the images that it uses: whose registries, whose signatures, whose provenance.

One image is judged once for the fleet, from what is stored: which environments hold and use it, what they demand, whom
they trust, and the evidence that a registry gave. It is judged again when any of these changes
(docs/decisions/2026-11-26-one-image-many-policies.md).
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from posture.collection.changes import check_ids, with_severities
from posture.compliance import ingest as compliance
from posture.decisions.follow import follow
from posture.findings import settle as findings
from posture.findings.settle import Problem
from posture.fleet import ingest as fleet
from posture.images import signature_ingest as signatures
from posture.images.signature_ingest import Demands, Outcome, Use
from posture.risk import loads
from posture.risk.points import points_of
from scanners.checks.policy import Policy
from scanners.checks.run import checks_on
from scanners.checks.run import judge as judge_record
from scanners.image_use import ImageUse, ImageUseFacts
from scanners.records import Outcome as Verdict
from scanners.records import Record
from scanners.registry_images import evidence_again
from scanners.signatures.examine import examine
from scanners.signatures.examine import judge as judge_signatures
from scanners.signatures.records import (
    Examined,
    Judged,
    Provenance,
    Signature,
    SignatureEvidence,
    SignatureOutcome,
)

logger = logging.getLogger(__name__)

EVIDENCE = "signature"
CHECKS = checks_on(ImageUseFacts)
BATCH = 200
_ORDER = list(SignatureOutcome)  # the best first
_RULES = 1  # counts up when the rules below change, so that a new version judges all images again


class Changed(Record, frozen=True, kw_only=True):
    """What judging images changed. `image_ids` are those whose load must be computed."""

    image_ids: set[int]
    deltas: compliance.Deltas
    counts: Counter[str]


def judge(image_ids: Iterable[int], at: datetime, *, pulled_node: int | None = None) -> Changed:
    """Judge these images from what is stored; keep outcomes, verdicts and findings.

    The caller holds all that is shared (`fleet.lock_shared`), and brings loads and tallies up to date. `pulled_node` is
    the registry that is just being read: what it tells is fresh.
    """
    ids = sorted(set(image_ids))
    changed = Changed(image_ids=set(), deltas=Counter(), counts=Counter(results=0, opened=0, resolved=0))
    if not ids:
        return changed
    judging = _Judging(ids)
    signatures.store_outcomes(ids, [row for image_id in ids for row in judging.outcomes(image_id)], at)
    _settle({image_id: judging.facts(image_id) for image_id in ids}, at, changed)
    fresh = judging.fresh(pulled_node)
    had = fleet.with_evidence(ids, EVIDENCE)
    fleet.add_evidence(sorted(fresh - had), [EVIDENCE])
    fleet.remove_evidence(sorted(had - fresh), [EVIDENCE])
    changed.image_ids.update(fresh ^ had)
    return changed


def settle(image_ids: Sequence[int], at: datetime, *, pulled_node: int | None = None) -> Counter[str]:
    """The same as a change of its own: with loads and tallies. In a transaction, whose first lock it takes."""
    fleet.lock_shared()
    changed = judge(image_ids, at, pulled_node=pulled_node)
    roll_up(changed, at)
    return changed.counts


def roll_up(changed: Changed, at: datetime) -> None:
    """Loads of the images, and of every host that runs one of them; then the tallies."""
    changed.image_ids.update(follow(changed.image_ids, at))
    loads.roll_up(changed.image_ids, at)
    compliance.apply_tallies(changed.deltas)


def judge_all() -> int:
    """Judge every image under the policies of now, in portions; returns how many. What ends in between is done again."""
    at = timezone.now()
    fingerprint = policy_fingerprint()
    ids = signatures.present()
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            settle(ids[start : start + BATCH], timezone.now())
    signatures.mark_judged_under(fingerprint, at)
    return len(ids)


def catch_up() -> bool:
    """Judge all images if the policies changed since that was last done; returns whether they had."""
    if signatures.judged_under() == policy_fingerprint():
        return False
    logger.info("Policies for images changed, %s images judged again.", judge_all())
    return True


def policy_fingerprint() -> str:
    """SHA-256, hex, of everything that a person decides about images."""
    said: list[Any] = [_RULES, settings.SIGSTORE_TRUSTED_ROOT]
    for environment_id, demanded in sorted(signatures.demands().items(), key=lambda item: item[0] or 0):
        said.append([environment_id, demanded])
    return hashlib.sha256(msgspec.msgpack.encode(said)).hexdigest()


def outcome_in(image_id: int, environment_id: int | None) -> str:
    """What the signatures of an image come to in an environment (None: by those trusted everywhere), also in one that does
    not hold it yet."""
    return _Judging([image_id])._judged(image_id, environment_id).outcome.value


class _Judging:
    """Everything that is known of some images, read at once."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._demands: dict[int | None, Demands] = signatures.demands()
        self._held = signatures.held_in(ids)
        self._uses = signatures.used_in(ids)
        self._from_registry = signatures.from_a_registry(ids)
        self._described = signatures.described(ids)
        self._told = signatures.evidence_of(ids)
        self._examined: dict[int, list[Examined]] = {}
        documents = fleet.read_documents([row.fingerprint for rows in self._told.values() for row in rows])
        pems = sorted({key.pem for demanded in self._demands.values() for key in demanded.policy.keys})
        for image_id, rows in self._told.items():
            for row in rows:
                evidence = _evidence(documents.get(row.fingerprint))
                if evidence is not None:
                    root = settings.SIGSTORE_TRUSTED_ROOT
                    self._examined.setdefault(image_id, []).append(examine(evidence, pems, trusted_root=root))

    def fresh(self, pulled_node: int | None) -> set[int]:
        """Images of which a registry told not too long ago what it keeps."""
        return {
            image_id
            for image_id, rows in self._told.items()
            if any(
                row.fingerprint
                and row.node is not None
                and (row.node_id == pulled_node or not row.node.is_stale)
                for row in rows
            )
        }

    def _judged(self, image_id: int, environment_id: int | None) -> Judged:
        """The best that any registry shows: the same content is the same image wherever it is kept."""
        policy = self._demands[environment_id].policy
        each = [judge_signatures(examined, policy) for examined in self._examined.get(image_id, ())]
        if not each:
            return Judged(
                outcome=SignatureOutcome.NOT_MEASURED,
                signers=(),
                signatures=(),
                reason=self._why_not(image_id),
            )
        best = min(each, key=lambda judged: _ORDER.index(judged.outcome))
        signers = [name for judged in each for name in judged.signers]
        return Judged(
            outcome=best.outcome,
            signers=tuple(dict.fromkeys(signers)),
            signatures=tuple(dict.fromkeys(one for judged in each for one in judged.signatures)),
            reason=best.reason,
        )

    def _why_not(self, image_id: int) -> str:
        problems = [row.problem for row in self._told.get(image_id, ()) if row.problem]
        if problems:
            return problems[0]
        is_known = image_id in self._from_registry
        return "no registry node reads it" if is_known else "it was never pulled from a registry"

    def outcomes(self, image_id: int) -> list[Outcome]:
        """The rows to store: none of an image that no registry was asked for."""
        if image_id not in self._told:
            return []
        rows = []
        for environment_id in (None, *sorted(self._held.get(image_id, ()))):
            judged = self._judged(image_id, environment_id)
            rows.append(
                Outcome(
                    image_id=image_id,
                    environment_id=environment_id,
                    outcome=judged.outcome.value,
                    reason=judged.reason[:1000],
                    signers=judged.signers,
                    signatures=[_shown(signature) for signature in judged.signatures],
                    provenance=_provenance(judged.signatures, self._examined.get(image_id, ())),
                )
            )
        return rows

    def facts(self, image_id: int) -> ImageUseFacts:
        examined = self._examined.get(image_id, ())
        said = [one.provenance for each in examined for one in each.proven if one.provenance is not None]
        said += [one for each in examined for one in each.unsigned]
        return ImageUseFacts(
            id=self._described[image_id][0],
            uses=tuple(self._use(image_id, use) for use in self._uses.get(image_id, ())),
            is_from_registry=image_id in self._from_registry,
            provenance=tuple(dict.fromkeys(_said(one) for one in said)),
        )

    def _use(self, image_id: int, use: Use) -> ImageUse:
        demanded = self._demands[use.environment_id]
        judged = self._judged(image_id, use.environment_id)
        return ImageUse(
            environment=demanded.name,
            references=use.references,
            allowed_registries=demanded.allowed_registries,
            requires_signatures=demanded.requires_signatures,
            outcome=judged.outcome,
            reason=judged.reason,
            has_trusted_provenance=any(s.verified and s.provenance is not None for s in judged.signatures),
        )


def _evidence(document: dict[str, Any] | None) -> SignatureEvidence | None:
    try:
        return None if document is None else evidence_again(document)
    except msgspec.ValidationError:
        return None  # kept by a version that wrote another document; the next pull writes a new one


def _settle(facts: Mapping[int, ImageUseFacts], at: datetime, changed: Changed) -> None:
    """Results and findings of the checks on images in use; images that are gone keep none."""
    ids = check_ids()
    scope = [ids[slug] for slug in CHECKS]
    policy = Policy(now=at)
    judged = [
        compliance.Judged(
            asset_id=image_id,
            environment_id=None,
            outcomes=with_severities(tuple(judge_record(each, policy))),
        )
        for image_id, each in sorted(facts.items())
    ]
    written, deltas = compliance.store_results(judged, check_ids=ids, scope=scope, node_id=None, at=at)
    settled = findings.settle(
        {each.asset_id: _problems(each, ids) for each in judged},
        scope=scope,
        environments=dict.fromkeys(facts),
        node_id=None,
        at=at,
        unmeasured=compliance.unmeasured(judged),
    )
    changed.deltas.update(deltas)
    changed.counts["results"] += written
    changed.counts["opened"] += settled.opened + settled.reopened
    changed.counts["resolved"] += settled.resolved
    if settled.opened or settled.reopened or settled.resolved or settled.revised:
        changed.image_ids.update(facts)


def _problems(judged: compliance.Judged, ids: Mapping[str, int]) -> list[Problem]:
    found = []
    for said in judged.outcomes:
        if said.outcome is Verdict.FAIL:
            assert said.severity is not None
            found.append(
                Problem(
                    key=said.check,
                    check_id=ids[said.check],
                    severity=said.severity,
                    points=points_of(said.severity, ()),
                    factors=(),
                    evidence=said.evidence,
                )
            )
    return found


def _shown(signature: Signature) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(signature, provenance=None))
    del shown["provenance"]
    return shown


def _provenance(judged: Sequence[Signature], examined: Sequence[Examined]) -> list[dict[str, Any]]:
    found = [
        {**msgspec.to_builtins(one.provenance), "signer": one.signer, "verified": one.verified}
        for one in judged
        if one.provenance is not None
    ]
    unsigned = dict.fromkeys(one for each in examined for one in each.unsigned)
    return found + [{**msgspec.to_builtins(one), "signer": "", "verified": False} for one in unsigned]


def _said(provenance: Provenance) -> str:
    """One provenance as a line of evidence."""
    parts = [f"built by {provenance.builder or 'an unnamed builder'}"]
    if provenance.source:
        parts.append(f"from {provenance.source}")
    return " ".join(parts)
