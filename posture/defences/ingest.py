"""The only writer of defences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q

from posture.base import upsert
from posture.defences.models import Defence
from posture.fleet.models import Asset
from scanners.defences.records import Defence as Assessed
from scanners.defences.records import State


def store(assessed: Mapping[int, Sequence[Assessed]], at: datetime) -> set[int]:
    """Keep what stands on these assets now (asset id -> its mechanisms); returns those on which a state changed."""
    before = {
        (row[1], row[2]): (row[0], *row[3:])
        for row in Defence.objects.current()
        .filter(asset__in=list(assessed))
        .values_list("id", "asset_id", "mechanism", "state", "state_since", "evidence")
    }
    ended: list[int] = []
    opened = []
    changed: set[int] = set()
    for asset_id in sorted(assessed):
        for said in sorted(assessed[asset_id], key=lambda defence: defence.mechanism):
            since = at
            if (old := before.pop((asset_id, said.mechanism), None)) is not None:
                pk, state, state_since, evidence = old
                if (state, tuple(evidence)) == (said.state.value, said.evidence):
                    continue
                ended.append(pk)
                if state == said.state.value:
                    since = state_since
            if since == at:
                changed.add(asset_id)
            opened.append((asset_id, said.mechanism, said.state.value, since, said.evidence, at))
    for (asset_id, _), old in before.items():  # a mechanism that this version no longer asks for
        ended.append(old[0])
        changed.add(asset_id)
    upsert.close(Defence, ended, at)
    upsert.copy(Defence, ("asset_id", "mechanism", "state", "state_since", "evidence", "opened_at"), opened)
    return changed


def end(asset_ids: Iterable[int], at: datetime) -> None:
    """Nothing tells any more what stands on these assets."""
    Defence.objects.current().filter(asset__in=sorted(asset_ids)).update(closed_at=at)


def states_around(asset_ids: Iterable[int]) -> dict[int, dict[str, State]]:
    """What stands around each of these assets now: asset id -> mechanism -> state, a container's with its host's."""
    hosts = dict(Asset.objects.filter(pk__in=list(asset_ids)).values_list("pk", "host"))
    return _around(hosts, _states({*hosts, *(host for host in hosts.values() if host)}))


def states_on(host_id: int) -> dict[int, dict[str, State]]:
    """The same of a host and all its containers."""
    hosts = dict(Asset.objects.present().filter(Q(pk=host_id) | Q(host=host_id)).values_list("pk", "host"))
    return _around(hosts, _states(hosts))


def _around(
    hosts: Mapping[int, int | None], states: Mapping[int, Mapping[str, State]]
) -> dict[int, dict[str, State]]:
    found = {pk: {**states.get(host or 0, {}), **states.get(pk, {})} for pk, host in hosts.items()}
    return {pk: around for pk, around in found.items() if around}


def _states(asset_ids: Iterable[int]) -> dict[int, dict[str, State]]:
    found: dict[int, dict[str, State]] = {}
    rows = Defence.objects.current().filter(asset__in=list(asset_ids))
    for asset_id, mechanism, state in rows.values_list("asset_id", "mechanism", "state"):
        found.setdefault(asset_id, {})[mechanism] = State(state)
    return found
