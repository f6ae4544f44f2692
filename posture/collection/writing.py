"""The writing half of a pull: records and verdicts become rows, in one transaction that the pipeline holds.

Locks are taken in one order by every worker, so that pulls never wait in a circle: the fleet-wide lock for images
and clusters (only when one of them changed), the host, other hosts that a changed image weighs on, the tallies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from posture.collection import catalogue
from posture.collection.records import Pulled, fingerprint_of
from posture.compliance import ingest as compliance
from posture.findings import settle as findings
from posture.fleet import ingest as fleet
from posture.fleet.models import Asset, Node
from posture.images import ingest as images
from posture.risk import loads
from posture.risk.points import Factor, data_of, exposure_of, points_of
from scanners.records import (
    AssetKind,
    CheckOutcome,
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Observed,
    Outcome,
    SwarmFacts,
)


class Writing:
    """One pull's changes. `store`, `settle` and `roll_up` are called once each, in this order."""

    def __init__(self, node: Node, pulled: Pulled, *, at: datetime) -> None:
        self.node = node
        self.pulled = pulled
        self.at = at
        self.host_id = 0
        self.counts: dict[str, int] = {}
        self._judged: list[compliance.Judged] = []
        self._fingerprints: list[tuple[int, str]] = []
        self._factors: dict[int, list[Factor]] = {}
        self._gone: list[int] = []
        self._touched: set[int] = set()
        self._changed_images: set[int] = set()
        self._deltas: compliance.Deltas = Counter()
        self._check_ids = check_ids()
        self._data_factors = data_of(node.environment.data_classes)

    # -- store

    def store(self) -> None:
        pulled = self.pulled
        assert pulled.engine is not None and isinstance(pulled.engine.facts, EngineFacts)
        if self._shares_change():
            fleet.lock_shared()
        cluster_id = self._store_cluster()
        image_ids = self._store_images()
        host, is_new = self._store_host(pulled.engine.facts, pulled.engine, cluster_id)
        self._store_presences(image_ids)
        self._store_containers(host, image_ids)
        fleet.store_documents(pulled.documents, self.at)
        self.counts |= {"hosts": 1, "containers": len(pulled.containers), "images": len(pulled.images)}
        if is_new:
            self._touched.add(self.host_id)

    def _shares_change(self) -> bool:
        """An image or cluster that other hosts may share is new or judged differently, so it will be written."""
        known = fleet.known(AssetKind.IMAGE, [o.facts.key for o in self.pulled.images])
        for observed in self.pulled.images:
            stored = known.get(observed.facts.key)
            if stored is None or stored.gone or self._differs(observed, stored, ()):
                return True
            assert isinstance(observed.facts, ImageFacts)
            if stored.name != images.name_of(observed.facts):
                return True
        if self.node.host_id is not None:
            held = set(images.presences_on(self.node.host_id))
            if held - {stored.id for stored in known.values()}:
                return True  # one left: perhaps it was the last host that held it
        swarm = self.pulled.swarm
        if swarm is None:
            return False
        stored = fleet.known(AssetKind.CLUSTER, [swarm.facts.key]).get(swarm.facts.key)
        return (
            stored is None
            or stored.state_fingerprint != swarm.fingerprint
            or self._differs(swarm, stored, ())
        )

    def _outcomes(self, observed: Observed) -> tuple[CheckOutcome, ...]:
        return self.pulled.outcomes[id(observed)]

    def _differs(self, observed: Observed, stored: fleet.Known, factors: Iterable[Factor]) -> bool:
        return fingerprint_of(self._outcomes(observed), tuple(factors)) != stored.results_fingerprint

    def _note(
        self,
        asset_id: int,
        environment_id: int | None,
        observed: Observed,
        stored: fleet.Known | None,
        factors: list[Factor],
    ) -> bool:
        """Remember the asset's verdicts for `settle` if they differ from what is stored; returns whether."""
        fingerprint = fingerprint_of(self._outcomes(observed), tuple(factors))
        if stored is not None and stored.results_fingerprint == fingerprint:
            return False
        self._judged.append(
            compliance.Judged(
                asset_id=asset_id,
                environment_id=environment_id,
                outcomes=with_severities(self._outcomes(observed)),
            )
        )
        self._fingerprints.append((asset_id, fingerprint))
        self._factors[asset_id] = factors
        self._touched.add(asset_id)
        return True

    def _store_cluster(self) -> int | None:
        swarm = self.pulled.swarm
        if swarm is None or not isinstance(swarm.facts, SwarmFacts):
            return None
        facts = swarm.facts
        before = fleet.known(AssetKind.CLUSTER, [facts.key]).get(facts.key)
        stored = (
            before
            or fleet.store_assets(
                AssetKind.CLUSTER,
                {facts.key: facts.name},
                environment_id=self.node.environment_id,
                host_id=None,
                at=self.at,
            )[facts.key]
        )
        if stored.state_fingerprint != swarm.fingerprint or stored.gone:
            fleet.store_cluster(stored.id, facts, swarm.fingerprint, node_id=self.node.pk, at=self.at)
            fleet.mark_changed([(stored.id, facts.name, swarm.fingerprint)], self.at)
        self._note(stored.id, stored.environment_id, swarm, stored, [])
        return stored.id

    def _store_images(self) -> dict[str, int]:
        observed_by_key = {o.facts.key: o for o in self.pulled.images}
        known = fleet.known(AssetKind.IMAGE, list(observed_by_key))
        names = {
            key: images.name_of(o.facts)
            for key, o in observed_by_key.items()
            if isinstance(o.facts, ImageFacts)
        }
        missing = {key: name for key, name in names.items() if key not in known}
        if missing:
            known |= fleet.store_assets(
                AssetKind.IMAGE, missing, environment_id=None, host_id=None, at=self.at
            )
            images.store_images(
                [
                    (known[key].id, o.facts, o.fingerprint)
                    for key, o in sorted(observed_by_key.items())
                    if key in missing and isinstance(o.facts, ImageFacts)
                ]
            )
        fleet.mark_changed(
            [
                (known[key].id, names[key], o.fingerprint)
                for key, o in observed_by_key.items()
                if key in missing or known[key].gone or known[key].name != names[key]
            ],
            self.at,
        )
        for key, observed in observed_by_key.items():
            if self._note(known[key].id, None, observed, None if key in missing else known[key], []):
                self._changed_images.add(known[key].id)
        return {key: stored.id for key, stored in known.items()}

    def _store_host(
        self, facts: EngineFacts, observed: Observed, cluster_id: int | None
    ) -> tuple[fleet.Known, bool]:
        key = host_key(facts, self.node)
        known = fleet.known(AssetKind.HOST, [key]).get(key)
        stored = (
            known
            or fleet.store_assets(
                AssetKind.HOST,
                {key: facts.name[:300]},
                environment_id=self.node.environment_id,
                host_id=None,
                at=self.at,
            )[key]
        )
        self.host_id = stored.id
        fleet.lock(stored.id)
        stored = fleet.known(AssetKind.HOST, [key])[key]
        changed = stored.state_fingerprint != observed.fingerprint or stored.gone
        if changed:
            fleet.store_host(
                stored.id,
                facts,
                observed.fingerprint,
                node_id=self.node.pk,
                cluster_id=cluster_id,
                at=self.at,
            )
            fleet.mark_changed([(stored.id, facts.name[:300], observed.fingerprint)], self.at)
        self._note(stored.id, stored.environment_id, observed, stored, list(self._data_factors))
        if self.node.host_id not in (None, stored.id):
            self._leave(self.node.host_id)
        return stored, changed

    def _leave(self, host_id: int) -> None:
        """The node's address answers for another machine now: what it held before is no longer measured by it."""
        if Node.objects.filter(host=host_id).exclude(pk=self.node.pk).exists():
            return
        self._gone += [host_id, *(known.id for known in fleet.known_on_host(host_id).values())]
        images.end_presences(host_id, self.at)

    def _store_presences(self, image_ids: dict[str, int]) -> None:
        held = {image_ids[key]: facts for key, facts in self.pulled.held.items()}
        changed, left = images.changed_presences(self.host_id, held)
        if self._images_listed_whole():
            images.store_presences(self.host_id, {i: held[i] for i in changed}, left, self.at)
            self._gone += images.without_host(left)
        else:
            images.store_presences(self.host_id, {i: held[i] for i in changed}, [], self.at)
        if changed or left:
            self._touched.add(self.host_id)

    def _images_listed_whole(self) -> bool:
        engine = self.pulled.engine
        assert engine is not None and isinstance(engine.facts, EngineFacts)
        listed = engine.facts.images
        return listed is not None and {i.id for i in listed} <= set(self.pulled.held)

    def _store_containers(self, host: fleet.Known, image_ids: dict[str, int]) -> None:
        engine = self.pulled.engine
        assert engine is not None and isinstance(engine.facts, EngineFacts)
        stored = fleet.known_on_host(host.id)
        seen = {f"{host.key}/{o.facts.key}": o for o in self.pulled.containers}
        names = {key: o.facts.name[:300] for key, o in seen.items() if isinstance(o.facts, ContainerFacts)}
        missing = {key: name for key, name in names.items() if key not in stored}
        if missing:
            stored |= fleet.store_assets(
                AssetKind.CONTAINER, missing, environment_id=host.environment_id, host_id=host.id, at=self.at
            )
        changed: list[tuple[int, ContainerFacts, str]] = []
        for key, observed in sorted(seen.items()):
            facts, known = observed.facts, stored[key]
            assert isinstance(facts, ContainerFacts)
            if known.state_fingerprint != observed.fingerprint or known.gone:
                changed.append((known.id, facts, observed.fingerprint))
            factors = exposure_of(facts) + self._data_factors
            self._note(known.id, host.environment_id, observed, known, factors)
        fleet.store_containers(changed, host_id=host.id, image_ids=image_ids, at=self.at)
        fleet.mark_changed(
            [(asset_id, f.name[:300], fingerprint) for asset_id, f, fingerprint in changed], self.at
        )
        if changed:
            self._touched |= {self.host_id, *(asset_id for asset_id, _, _ in changed)}
        if (
            engine.facts.containers is not None
        ):  # None: the list itself could not be read, so nobody is missing
            listed = {f"{host.key}/{summary.id}" for summary in engine.facts.containers}
            self._gone += [known.id for key, known in stored.items() if key not in listed and key not in seen]
        self.counts["unchanged"] = len(seen) - len(changed)

    # -- settle

    def settle(self) -> None:
        written, deltas = compliance.store_results(
            self._judged, check_ids=self._check_ids, node_id=self.node.pk, at=self.at
        )
        self._deltas.update(deltas)
        settled = findings.settle(
            {j.asset_id: self._problems(j) for j in self._judged},
            environments={j.asset_id: j.environment_id for j in self._judged},
            node_id=self.node.pk,
            at=self.at,
        )
        fleet.mark_judged(self._fingerprints)
        resolved = settled.resolved
        if self._gone:
            self._deltas.update(compliance.end_results(self._gone, self.at))
            resolved += findings.resolve_all(self._gone, self.at)
            self._touched.add(self.host_id)
        self.counts |= {"results": written, "opened": settled.opened + settled.reopened, "resolved": resolved}

    def _problems(self, judged: compliance.Judged) -> list[findings.Problem]:
        problems = []
        for said in judged.outcomes:
            if said.outcome is Outcome.FAIL:
                assert said.severity is not None
                points, factors = points_of(said.severity, self._factors[judged.asset_id])
                problems.append(
                    findings.Problem(
                        key=said.check,
                        check_id=self._check_ids[said.check],
                        severity=said.severity,
                        points=points,
                        factors=tuple(factors),
                        evidence=said.evidence,
                    )
                )
        return problems

    # -- roll up

    def roll_up(self) -> None:
        if self._gone:
            loads.end(self._gone, self.at)
            fleet.mark_gone(self._gone, self.at)
        self._touched -= set(self._gone)
        if self._touched:
            self._touched.add(self.host_id)
            changed = loads.recompute(self._touched, self.at)
            heavier = self._changed_images.intersection(changed)
            others = (
                [h for h in images.hosts_running(sorted(heavier)) if h != self.host_id] if heavier else []
            )
            for host_id in others:
                fleet.lock(host_id)
            loads.recompute(others, self.at)
        compliance.apply_tallies(self._deltas)

    def summary(self) -> str:
        c = self.counts
        if not self._touched and not self._gone:
            return "Nothing changed."
        return (
            f"{c['opened']} findings opened, {c['resolved']} resolved; "
            f"{c['unchanged']} of {c['containers']} containers unchanged."
        )


def check_ids() -> dict[str, int]:
    """slug -> id of every check; brings the table up to date when this version declares one it lacks."""
    from posture.compliance.models import Check

    stored = dict(Check.objects.filter(is_retired=False).values_list("slug", "pk"))
    return stored if catalogue.severities().keys() <= stored.keys() else catalogue.sync()


def with_severities(outcomes: tuple[CheckOutcome, ...]) -> tuple[CheckOutcome, ...]:
    """Verdicts that name no severity of their own get their check's."""
    defaults = catalogue.severities()
    return tuple(
        o if o.severity is not None else msgspec.structs.replace(o, severity=defaults[o.check])
        for o in outcomes
    )


def host_key(facts: EngineFacts, node: Node) -> str:
    """The identity of the machine behind a node: its engine's, or the node's own where that is not to be trusted.

    Podman invents an identity per request. Machines cloned with a Docker data folder share one; they are told apart
    by name when another node already stands for it.
    """
    if not facts.engine_id:
        return f"node:{node.pk}"
    key = f"engine:{facts.engine_id}"
    holder = Asset.objects.filter(kind=AssetKind.HOST, key=key, gone_at__isnull=True).first()
    if holder is None or holder.name == facts.name or holder.pk == node.host_id:
        return key
    return f"{key}@{facts.name}" if Node.objects.filter(host=holder).exclude(pk=node.pk).exists() else key
