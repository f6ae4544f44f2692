"""What one pull changes, gathered while its records are stored and then settled at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

import msgspec

from posture.collection import catalogue
from posture.collection.records import fingerprint_of
from posture.compliance import ingest as compliance
from posture.findings.settle import Problem
from posture.fleet.choices import Source
from posture.fleet.models import Node
from posture.risk.points import Factor, data_of, points_of
from scanners.defences.mitigation import mitigated
from scanners.defences.records import Defence, State
from scanners.records import CheckOutcome, Outcome

States = Mapping[str, State]


class Changes:
    """Shared by the parts that write one pull: what was judged anew, what is gone, whose load is to be computed."""

    def __init__(self, node: Node, *, at: datetime) -> None:
        self.node = node
        self.at = at
        self.host_id = 0
        self.is_probed = False  # a host probe tells of this host too, in this pull or in others
        self.counts: Counter[str] = Counter(results=0, opened=0, resolved=0, unchanged=0)
        self.gone: list[int] = []
        self.touched: set[int] = set()
        self.left: set[int] = set()  # no longer told of by a source that had told of them
        self.changed_images: set[int] = set()
        self.used_images: set[int] = set()  # used or held by another host or container than before
        self.deltas: compliance.Deltas = Counter()
        self.data_classes: Sequence[str] = node.environment.data_classes
        self.data_factors = data_of(self.data_classes)
        self.judged: dict[Source, list[compliance.Judged]] = {source: [] for source in Source}
        self.fingerprints: dict[Source, list[tuple[int, str]]] = {source: [] for source in Source}
        self.fresh: dict[tuple[str, ...], list[int]] = {}  # evidence -> assets that now have it
        self._rests_on: dict[tuple[Source, int], tuple[list[Factor], States]] = {}

    @cached_property
    def check_ids(self) -> dict[str, int]:
        """slug -> id; asked for only where something changed."""
        return check_ids()

    def note(
        self,
        source: Source,
        asset_id: int,
        environment_id: int | None,
        outcomes: tuple[CheckOutcome, ...],
        *,
        stored: str,
        factors: Sequence[Factor] = (),
        states: States | None = None,
        assessed: Sequence[Defence] = (),
    ) -> bool:
        """Remember an asset's verdicts if they, or what their points rest on, differ from the fingerprint `stored`.

        `states` are those of the kernel defences on it; `assessed` what a probe has just found of them.
        """
        fingerprint = weighed(outcomes, factors, states, assessed)
        if stored == fingerprint:
            return False
        self.judged[source].append(
            compliance.Judged(
                asset_id=asset_id, environment_id=environment_id, outcomes=with_severities(outcomes)
            )
        )
        self.fingerprints[source].append((asset_id, fingerprint))
        self._rests_on[source, asset_id] = (list(factors), states or {})
        self.touched.add(asset_id)
        return True

    def has_evidence(self, name: str, asset_id: int, known: Sequence[str]) -> None:
        """The asset has this kind of evidence from now on; `known` is what it had."""
        if name not in known:
            self.fresh.setdefault((name,), []).append(asset_id)
            self.touched.add(asset_id)

    def problems(self, source: Source, judged: compliance.Judged) -> list[Problem]:
        """What failed on an asset, with the points that it has there."""
        factors, states = self._rests_on[source, judged.asset_id]
        found = []
        for said in judged.outcomes:
            if said.outcome is Outcome.FAIL:
                assert said.severity is not None
                blunted = mitigated(said.check, states)
                here = (*factors, *([blunted] if blunted else []))
                found.append(
                    Problem(
                        key=said.check,
                        check_id=self.check_ids[said.check],
                        severity=said.severity,
                        points=points_of(said.severity, here),
                        factors=here,
                        evidence=said.evidence,
                    )
                )
        return found


def weighed(
    outcomes: Sequence[CheckOutcome],
    factors: Sequence[Factor],
    states: States | None = None,
    assessed: Sequence[Defence] = (),
) -> str:
    """The fingerprint of verdicts together with what decides their points."""
    in_force = sorted(name for name, state in (states or {}).items() if state is State.ENFORCING)
    return fingerprint_of(outcomes, tuple(factors), in_force, tuple(assessed))


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
