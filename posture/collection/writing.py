"""The writing half of a pull: records and verdicts become rows, in one transaction that the pipeline holds.

Locks are taken in one order by every worker, so that pulls never wait in a circle: the fleet-wide lock for images
and clusters (only when one of them changed), the host, other hosts that a changed image weighs on, the tallies.
"""

from __future__ import annotations

from datetime import datetime

from posture.collection import image_trust, sources
from posture.collection.changes import Changes
from posture.collection.engine_writing import EngineWriting
from posture.collection.host_writing import HostWriting
from posture.collection.records import Pulled
from posture.collection.registry_writing import RegistryWriting
from posture.compliance import ingest as compliance
from posture.decisions.follow import follow
from posture.defences import ingest as defences
from posture.findings import settle as findings
from posture.fleet import ingest as fleet
from posture.fleet import probe_ingest
from posture.fleet.choices import NodeKind, Source
from posture.fleet.models import Node
from posture.images import ingest as images
from posture.images import signature_ingest as signatures
from posture.risk import loads
from posture.risk.reweigh import reweigh


class Writing:
    """One pull's changes. `store`, `settle` and `roll_up` are called once each, in this order."""

    def __init__(self, node: Node, pulled: Pulled, *, at: datetime) -> None:
        self.node = node
        self.pulled = pulled
        self.at = at
        self._changes = Changes(node, at=at)
        self._host: HostWriting | None = None

    @property
    def host_id(self) -> int | None:
        """The host that the node tells of; None for a registry, which tells of images."""
        return self._changes.host_id or None

    @property
    def counts(self) -> dict[str, int]:
        return dict(self._changes.counts)

    def store(self) -> None:
        if self.pulled.engine is not None:
            EngineWriting(self._changes, self.pulled).store()
        if self.pulled.host is not None:
            self._host = HostWriting(self._changes, self.pulled)
            self._host.store()
        fleet.store_documents(self.pulled.documents, self.at)
        if self.node.kind == NodeKind.REGISTRY:
            told = RegistryWriting(
                self.node, self.pulled.wanted, self.pulled.registry, self.pulled.unread, at=self.at
            )
            self._changes.counts.update(told.store())
        for names, asset_ids in self._changes.fresh.items():
            fleet.add_evidence(asset_ids, names)

    def settle(self) -> None:
        changes = self._changes
        for source, judged in changes.judged.items():
            if not judged:
                continue
            scope = sources.scope(source, changes.check_ids, is_probed=changes.is_probed)
            written, deltas = compliance.store_results(
                judged, check_ids=changes.check_ids, scope=scope, node_id=self.node.pk, at=self.at
            )
            changes.deltas.update(deltas)
            settled = findings.settle(
                {j.asset_id: changes.problems(source, j) for j in judged},
                scope=scope,
                environments={j.asset_id: j.environment_id for j in judged},
                node_id=self.node.pk,
                at=self.at,
                unmeasured=compliance.unmeasured(judged),
            )
            changes.counts["results"] += written
            changes.counts["opened"] += settled.opened + settled.reopened
            changes.counts["resolved"] += settled.resolved
        fleet.mark_judged(changes.fingerprints[Source.ENGINE])
        probe_ingest.mark_judged(changes.fingerprints[Source.PROBE])
        if self._host is not None:
            self._host.end_unseen()
        if changes.gone:
            changes.deltas.update(compliance.end_results(changes.gone, self.at))
            changes.counts["resolved"] += findings.resolve_all(changes.gone, self.at)
            changes.touched.add(changes.host_id)

    def roll_up(self) -> None:
        changes = self._changes
        if changes.gone:
            loads.end(changes.gone, self.at)
            defences.end(changes.gone, self.at)
            fleet.mark_gone(changes.gone, self.at)
            signatures.end(changes.gone, self.at)
        changes.touched -= set(changes.gone)
        self._judge_used_images()
        if self._host is not None and (reweighed := self._host.defended - set(changes.gone)):
            reweigh(sorted(reweighed), changes.data_classes, self.at)
        # What a container exposes, its image is exposed to.
        elsewhere = changes.used_images.difference(changes.gone) | images.used_by(changes.touched)
        changes.touched |= follow(changes.touched, self.at, elsewhere=elsewhere)
        if changes.touched:
            changes.touched.add(changes.host_id)
            changed = loads.recompute(changes.touched, self.at, left=changes.left)
            heavier = changes.changed_images.intersection(changed)
            others = (
                [h for h in images.hosts_running(sorted(heavier)) if h != changes.host_id] if heavier else []
            )
            for host_id in others:
                fleet.lock(host_id)
            loads.recompute(others, self.at)
        compliance.apply_tallies(changes.deltas)

    def _judge_used_images(self) -> None:
        """Images that this pull found used, or held, elsewhere than before: other environments demand other things."""
        changes = self._changes
        if not (used := changes.used_images.difference(changes.gone)):
            return
        judged = image_trust.judge(used, self.at)
        changes.deltas.update(judged.deltas)
        changes.counts.update(judged.counts)
        changes.touched |= judged.image_ids
        changes.changed_images |= judged.image_ids

    def summary(self) -> str:
        c = self._changes.counts
        if not self._changes.touched and not self._changes.gone:
            return "Nothing changed."
        return (
            f"{c['opened']} findings opened, {c['resolved']} resolved; "
            f"{c['unchanged']} of {c['containers']} containers unchanged."
        )
