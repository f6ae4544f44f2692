"""What an engine said, stored: its host, its images and where they are, its containers, its swarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from posture.collection import identity, sources
from posture.collection.changes import Changes, States, weighed
from posture.collection.records import Pulled
from posture.defences import ingest as defences
from posture.fleet import ingest as fleet
from posture.fleet.choices import Source
from posture.images import ingest as images
from posture.images import signature_ingest as signatures
from posture.risk import formula
from posture.risk.points import Factor, exposure_of
from scanners.checks.run import unprobed
from scanners.records import (
    AssetKind,
    CheckOutcome,
    ContainerFacts,
    EngineFacts,
    ImageFacts,
    Observed,
    SwarmFacts,
)

_KINDS: dict[type, AssetKind] = {
    EngineFacts: AssetKind.HOST,
    ContainerFacts: AssetKind.CONTAINER,
    ImageFacts: AssetKind.IMAGE,
    SwarmFacts: AssetKind.CLUSTER,
}


class EngineWriting:
    """The part of a pull that an engine's records write."""

    def __init__(self, changes: Changes, pulled: Pulled) -> None:
        self.changes = changes
        self.node = changes.node
        self.pulled = pulled
        self.at = changes.at
        self._states: Mapping[int, States] = {}

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
        self.changes.counts.update(hosts=1, containers=len(pulled.containers), images=len(pulled.images))
        if is_new:
            self.changes.touched.add(host.id)

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
        if self._containers_come_or_go():
            return True  # an image is used elsewhere, or no longer here
        swarm = self.pulled.swarm
        if swarm is None:
            return False
        stored = fleet.known(AssetKind.CLUSTER, [swarm.facts.key]).get(swarm.facts.key)
        return (
            stored is None
            or stored.state_fingerprint != swarm.fingerprint
            or self._differs(swarm, stored, ())
        )

    def _containers_come_or_go(self) -> bool:
        before = self.pulled.containers_before
        return before is None or before != {observed.facts.key for observed in self.pulled.containers}

    def _outcomes(self, observed: Observed) -> tuple[CheckOutcome, ...]:
        return self.pulled.outcomes[id(observed)]

    def _differs(self, observed: Observed, stored: fleet.Known, factors: Iterable[Factor]) -> bool:
        return weighed(self._outcomes(observed), tuple(factors)) != stored.results_fingerprint

    def _note(
        self,
        stored: fleet.Known,
        environment_id: int | None,
        observed: Observed,
        factors: Iterable[Factor] = (),
        *,
        also: tuple[CheckOutcome, ...] = (),
        is_new: bool = False,
    ) -> bool:
        """Have the verdicts settled if they differ from what is stored; returns whether they do."""
        evidence = formula.BROUGHT_BY[Source.ENGINE][_KINDS[type(observed.facts)]]
        self.changes.has_evidence(evidence, stored.id, stored.evidence)
        return self.changes.note(
            Source.ENGINE,
            stored.id,
            environment_id,
            self._outcomes(observed) + also,
            stored="" if is_new else stored.results_fingerprint,
            factors=tuple(factors),
            states=self._states.get(stored.id),
        )

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
        self._note(stored, stored.environment_id, swarm)
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
            if self._note(known[key], None, observed, is_new=key in missing):
                self.changes.changed_images.add(known[key].id)
            if key in missing or known[key].gone:
                self.changes.used_images.add(known[key].id)
        return {key: stored.id for key, stored in known.items()}

    def _store_host(
        self, facts: EngineFacts, observed: Observed, cluster_id: int | None
    ) -> tuple[fleet.Known, bool]:
        key = identity.of_engine(facts, self.node)
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
        self.changes.host_id = stored.id
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
        self._states = defences.states_on(stored.id)
        is_probed = bool(stored.probe_fingerprint) or self.pulled.host is not None
        self.changes.is_probed = is_probed
        self._note(
            stored,
            stored.environment_id,
            observed,
            self.changes.data_factors,
            also=() if is_probed else tuple(unprobed(facts, self.pulled.policy)),
        )
        if self.node.host_id not in (None, stored.id):
            sources.depart(self.node.host_id, self.node, self.changes)
        return stored, changed

    def _store_presences(self, image_ids: dict[str, int]) -> None:
        held = {image_ids[key]: facts for key, facts in self.pulled.held.items()}
        host_id = self.changes.host_id
        changed, left = images.changed_presences(host_id, held)
        if self._images_listed_whole():
            images.store_presences(host_id, {i: held[i] for i in changed}, left, self.at)
            self.changes.gone += images.without_host(left)
        else:
            images.store_presences(host_id, {i: held[i] for i in changed}, [], self.at)
        if changed or left:
            self.changes.touched.add(host_id)
            self.changes.used_images.update([*changed, *left])

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
            factors = exposure_of(facts) + self.changes.data_factors
            self._note(known, host.environment_id, observed, factors)
        self.changes.used_images.update(
            image_ids[facts.image_id]
            for key, facts in ((key, o.facts) for key, o in seen.items())
            if key in missing and isinstance(facts, ContainerFacts) and facts.image_id in image_ids
        )
        fleet.store_containers(changed, host_id=host.id, image_ids=image_ids, at=self.at)
        fleet.mark_changed(
            [(asset_id, f.name[:300], fingerprint) for asset_id, f, fingerprint in changed], self.at
        )
        if changed:
            self.changes.touched |= {host.id, *(asset_id for asset_id, _, _ in changed)}
        if (
            engine.facts.containers is not None
        ):  # None: the list itself could not be read, so nobody is missing
            listed = {f"{host.key}/{summary.id}" for summary in engine.facts.containers}
            # What only the host probe knows of is not the engine's to miss.
            left = [
                known.id
                for key, known in stored.items()
                if known.state_fingerprint and key not in listed and key not in seen
            ]
            self.changes.gone += left
            if left:
                self.changes.used_images |= signatures.images_of(left)
        self.changes.counts["unchanged"] = len(seen) - len(changed)
