"""What a host probe said, stored: the host, its containers as the kernel confines them, and what defends them."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Sequence
from typing import NamedTuple

from posture.collection import identity, sources
from posture.collection.changes import Changes, States
from posture.collection.records import Pulled
from posture.defences import ingest as defences
from posture.fleet import ingest as fleet
from posture.fleet import probe_ingest
from posture.fleet.choices import Source
from posture.fleet.models import ContainerState, Environment
from posture.risk import formula
from posture.risk.points import Factor, data_of, exposure_of_state
from scanners.defences import assess
from scanners.defences.records import Defence
from scanners.host import HostContainer, HostContainerFacts, HostFacts
from scanners.records import AssetKind

_EVIDENCE = formula.BROUGHT_BY[Source.PROBE]
_ENGINES = ("docker", "podman")  # whose own API names a container by the same id
_LONGEST_KEY = 200


class Seen(NamedTuple):
    """A container that the probe saw, beside what is stored of it."""

    known: fleet.Known
    facts: HostContainerFacts
    fingerprint: str


class HostWriting:
    """The part of a pull that a host probe's record writes. `defended` are the assets on which a defence changed.

    In a pull that reads the engine too it comes second, and finds host and containers as the engine described them.
    """

    def __init__(self, changes: Changes, pulled: Pulled) -> None:
        assert pulled.host is not None and isinstance(pulled.host.facts, HostFacts)
        assert pulled.host_parts is not None
        self.changes = changes
        self.pulled = pulled
        self.facts = pulled.host.facts
        self.parts = pulled.host_parts
        self.at = changes.at
        self.defended: set[int] = set()
        self._without_process: list[int] = []
        self._assessed: dict[int, Sequence[Defence]] = {}
        self._of_host: States = {}

    def store(self) -> None:
        host = self._store_host()
        if self.facts.containers is not None:
            self._store_containers(host)
        self.defended = defences.store(self._assessed, self.at)
        if host.id in self.defended:  # what stands on the host stands around all its containers
            self.defended.update(known.id for known in fleet.known_on_host(host.id).values())

    # -- the host

    def _store_host(self) -> fleet.Known:
        changes, node, at = self.changes, self.changes.node, self.at
        stored = self._known_host()
        changes.host_id = stored.id
        changes.is_probed = True
        environment = node.environment
        if stored.environment_id != environment.pk:
            environment = Environment.objects.get(assets=stored.id)
        changes.data_classes = environment.data_classes
        changes.data_factors = data_of(environment.data_classes)
        fingerprint, packages = self.parts.host.fingerprint, self.parts.packages
        if stored.probe_fingerprint != fingerprint or stored.gone:
            probe_ingest.store_host_probe(
                stored.id,
                self.facts,
                fingerprint,
                packages.fingerprint if packages else "",
                node_id=node.pk,
                at=at,
            )
            probe_ingest.mark_probed([(stored.id, fingerprint)], at)
            changes.touched.add(stored.id)
        if not stored.state_fingerprint and probe_ingest.described_as(stored.id) != fingerprint:
            probe_ingest.describe_host(stored.id, self.facts, fingerprint, node_id=node.pk, at=at)
        assessed = assess.on_host(self.facts)
        self._of_host = _states(assessed)
        self._note(AssetKind.HOST, stored, self.facts, assessed, [])
        if node.host_id not in (None, stored.id):
            sources.depart(node.host_id, node, changes)
        changes.counts["hosts"] = 1
        return stored

    def _known_host(self) -> fleet.Known:
        """The host as it is stored, made where it is new, with its row held."""
        node, facts = self.changes.node, self.facts
        key = fleet.key_of(self.changes.host_id) or identity.of_probe(facts, node)
        if (stored := fleet.known_and_locked(AssetKind.HOST, key)) is None:
            name = (facts.host.name if facts.host else "") or node.name
            fleet.store_assets(
                AssetKind.HOST,
                {key: name[:300]},
                environment_id=node.environment_id,
                host_id=None,
                at=self.at,
            )
            stored = fleet.known_and_locked(AssetKind.HOST, key)
        assert stored is not None
        return stored

    def _note(
        self,
        kind: AssetKind,
        known: fleet.Known,
        facts: HostFacts | HostContainerFacts,
        assessed: Sequence[Defence],
        factors: Sequence[Factor],
    ) -> None:
        """Have verdicts and defences settled if they differ from what is stored."""
        self.changes.has_evidence(_EVIDENCE[kind], known.id, known.evidence)
        differs = self.changes.note(
            Source.PROBE,
            known.id,
            known.environment_id,
            self.pulled.outcomes[id(facts)],
            stored=known.probe_results_fingerprint,
            factors=[*factors, *self.changes.data_factors],
            states={**self._of_host, **_states(assessed)},
            assessed=assessed,
        )
        if differs:
            self._assessed[known.id] = assessed

    # -- its containers

    def _store_containers(self, host: fleet.Known) -> None:
        stored = fleet.known_on_host(host.id)
        keyed = {
            container_key(host.key, facts.container, stored): (facts, part.fingerprint)
            for facts, part in zip(self.pulled.confined, self.parts.containers, strict=True)
        }
        missing = {
            key: probe_ingest.name_of(facts.container)
            for key, (facts, _) in keyed.items()
            if key not in stored
        }
        if missing:
            stored |= fleet.store_assets(
                AssetKind.CONTAINER,
                missing,
                environment_id=host.environment_id,
                host_id=host.id,
                at=self.at,
            )
        seen = [Seen(stored[key], *keyed[key]) for key in sorted(keyed)]
        exposed = self._write_states(host, seen)
        for known, facts, _ in seen:
            state = exposed.get(known.id)
            self._note(
                AssetKind.CONTAINER,
                known,
                facts,
                assess.on_container(facts),
                exposure_of_state(state) if state else [],
            )
        if self.facts.containers_complete:
            self._miss([known for key, known in stored.items() if key not in keyed])
        loaded = {known.id: facts.container.loaded for known, facts, _ in seen if facts.container.loaded}
        probe_ingest.add_loaded(loaded, self.at)

    def _write_states(self, host: fleet.Known, seen: Sequence[Seen]) -> dict[int, ContainerState]:
        """Keep what changed; returns the states of the host's containers as they are then, by asset id."""
        changed = [s for s in seen if s.known.probe_fingerprint != s.fingerprint or s.known.gone]
        probe_ingest.store_container_probes(_rows(changed), host_id=host.id, at=self.at)
        probe_ingest.mark_probed([(s.known.id, s.fingerprint) for s in changed], self.at)
        self.changes.touched.update(s.known.id for s in changed)
        alone = [s for s in seen if not s.known.state_fingerprint]
        states = probe_ingest.current_states(host.id)
        new = [
            s
            for s in alone
            if (state := states.get(s.known.id)) is None or state.fingerprint != s.fingerprint
        ]
        if new:
            probe_ingest.describe_containers(_rows(new), host_id=host.id, at=self.at)
            states = probe_ingest.current_states(host.id)
        if self.pulled.engine is None:
            self.changes.counts.update(containers=len(seen), unchanged=len(seen) - len(changed))
        return states

    def _miss(self, unseen: Sequence[fleet.Known]) -> None:
        """Containers that the probe does not see: gone, or, where an engine knows them, without a process to confine."""
        for known in unseen:
            if not known.state_fingerprint:
                self.changes.gone.append(known.id)
                continue
            self.changes.has_evidence(_EVIDENCE[AssetKind.CONTAINER], known.id, known.evidence)
            if known.probe_fingerprint:
                self._without_process.append(known.id)

    def end_unseen(self) -> None:
        """What was said of processes that run no longer ends. That none runs is measured, so the evidence stays."""
        sources.end(Source.PROBE, self._without_process, self.changes)


def _states(assessed: Sequence[Defence]) -> States:
    return {defence.mechanism: defence.state for defence in assessed}


def _rows(seen: Sequence[Seen]) -> list[tuple[int, HostContainer, str]]:
    return [(s.known.id, s.facts.container, s.fingerprint) for s in seen]


def container_key(host_key: str, container: HostContainer, stored: Container[str]) -> str:
    """The identity of a container: what its engine calls it if it may have one, else with who started it."""
    key = f"{host_key}/{container.id}"
    if key not in stored and container.manager not in _ENGINES:
        key = f"{host_key}/{container.manager or 'unknown'}:{container.id}"
    if len(key) > _LONGEST_KEY:  # runC takes names of any length
        key = f"{key[: _LONGEST_KEY - 33]}#{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}"
    return key
