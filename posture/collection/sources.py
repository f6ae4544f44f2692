"""What each source owns of a host: its checks, its evidence. What one said, the other never resolves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posture.collection.changes import Changes
from posture.compliance import ingest as compliance
from posture.defences import ingest as defences
from posture.findings import settle as findings
from posture.fleet import ingest as fleet
from posture.fleet import probe_ingest
from posture.fleet.choices import Source
from posture.fleet.models import Node
from posture.images import ingest as images
from posture.risk import formula
from posture.risk.reweigh import repoint
from scanners.checks.run import checks_on
from scanners.host import HostContainerFacts, HostFacts
from scanners.records import AssetKind, ContainerFacts, EngineFacts, ImageFacts, SwarmFacts

_ENGINE = checks_on(EngineFacts, ContainerFacts, ImageFacts, SwarmFacts)
_PROBE = checks_on(HostFacts, HostContainerFacts)


def scope(source: Source, check_ids: Mapping[str, int], *, is_probed: bool) -> list[int]:
    """Ids of the checks whose results and findings a pull of this source decides.

    On a host without a probe the engine's pull also says of the probe's checks that they are not measured.
    """
    slugs = _PROBE if source == Source.PROBE else _ENGINE if is_probed else _ENGINE | _PROBE
    return [pk for slug, pk in check_ids.items() if slug in slugs]


def evidence(source: Source) -> list[str]:
    """The kinds of evidence that a source brings of hosts and their containers."""
    brought = formula.BROUGHT_BY[source]
    return [brought[AssetKind.HOST], brought[AssetKind.CONTAINER]]


def depart(host_id: int, leaving: Node, changes: Changes, sources: Sequence[Source] = tuple(Source)) -> None:
    """A node no longer brings these sources of this host: what only it measured ends, all of it when none is left."""
    others = Node.objects.filter(host=host_id).exclude(pk=leaving.pk)
    stays = [source for source in leaving.sources if source not in sources]
    kept = [source for source in Source if source in stays or others.bringing(source).exists()]
    lost = [source for source in leaving.sources if source not in kept]
    if not lost:
        return
    fleet.lock(host_id)
    if Source.ENGINE in lost:
        held = list(images.presences_on(host_id))
        images.end_presences(host_id, changes.at)
        changes.gone += images.without_host(held)
        changes.used_images.update(held)
    containers = list(fleet.known_on_host(host_id).values())
    if not kept:
        changes.gone += [host_id, *(known.id for known in containers)]
        return
    if Source.PROBE in lost:
        # Those that stay are asked at once, to say of what it measured that nothing measures it.
        others.update(next_due_at=changes.at)
    for source in lost:
        theirs = [known for known in containers if not fingerprint(other(source), known)]
        changes.gone += [known.id for known in theirs]
        shared = [known.id for known in containers if known not in theirs]
        end(source, [host_id, *shared], changes)
        changes.left.update([host_id, *shared])
        fleet.remove_evidence([host_id, *shared], evidence(source))


def fingerprint(source: Source, known: fleet.Known) -> str:
    """What is stored of an asset by this source; "" when it tells nothing of it."""
    return known.state_fingerprint if source == Source.ENGINE else known.probe_fingerprint


def other(source: Source) -> Source:
    return Source.PROBE if source == Source.ENGINE else Source.ENGINE


def end(source: Source, asset_ids: Sequence[int], changes: Changes) -> None:
    """A source no longer tells of these assets, of which the other still does: what it said ends."""
    if not asset_ids:
        return
    slugs = _PROBE if source == Source.PROBE else _ENGINE
    owned = [pk for slug, pk in changes.check_ids.items() if slug in slugs]
    changes.deltas.update(compliance.end_results(asset_ids, changes.at, scope=owned))
    changes.counts["resolved"] += findings.resolve_all(asset_ids, changes.at, scope=owned)
    if source == Source.PROBE:
        defences.end(asset_ids, changes.at)
        probe_ingest.end_probe(asset_ids, changes.at)
        repoint(asset_ids, changes.data_classes, changes.at)
    else:
        fleet.end_engine(asset_ids)
    changes.touched.update(asset_ids)
