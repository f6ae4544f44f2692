"""Host probes' documents made by hand, for tests of what a pull writes of them."""

from __future__ import annotations

from typing import Any

import msgspec
from django.utils import timezone

from posture.collection.records import Pulled
from posture.fleet.choices import NodeKind
from posture.fleet.models import Environment, Node
from scanners import host
from scanners.checks.host_examples import probed, probed_container
from scanners.checks.policy import Policy
from scanners.checks.run import judge
from scanners.records import ContainerFacts, Observed
from tests.posture.collection.pulls import environment

POLICY = Policy(now=timezone.now())


def probe_node(name: str = "alpha-host", in_: Environment | None = None, **changes: Any) -> Node:
    values = {"address": f"ssh://root@{name}", "kind": NodeKind.PROBE, **changes}
    return Node.objects.create(name=name, environment=in_ or environment(), **values)


def confined(container_id: str, **changes: Any) -> dict[str, Any]:
    """One container of a probe's document. `process__seccomp="disabled"` changes that fact."""
    facts = probed_container(id=container_id, **changes).container
    return dict(msgspec.to_builtins(facts))


def document(*containers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a complete probe says of a well kept host with these containers."""
    found: dict[str, Any] = msgspec.to_builtins(
        probed(**{"host__name": "alpha", "host__id": "machine-1", **changes})
    )
    return {**found, "containers": list(containers)}


def probe_pulled(said: dict[str, Any], into: Pulled | None = None, **configured: ContainerFacts) -> Pulled:
    """What a pull of a host probe brings; `configured` are engine's facts by container id."""
    pulled = into or Pulled()
    facts = msgspec.convert(said, host.HostFacts)
    pulled.add_host(Observed(facts=facts, document=said, fingerprint=""), ())
    pulled.configure(configured)
    pulled.outcomes[id(facts)] = tuple(judge(facts, POLICY))
    for each in pulled.confined:
        pulled.outcomes[id(each)] = tuple(judge(each, POLICY))
    return pulled
