"""A small fleet in two environments, written as pulls write it, for tests of the API's lists."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from posture.collection.catalogue import sync
from posture.collection.reports import import_file
from posture.findings import tallies
from posture.fleet import ingest
from posture.fleet.choices import PullState, PullTrigger
from posture.fleet.enrolment import create_token
from posture.fleet.models import EnrolmentToken, Environment, Node, Pull
from posture.images.actions import create_signer
from posture.vulnerabilities import ingest as vulnerabilities
from posture.vulnerabilities.models import Vulnerability
from scanners.checks.examples import container, image
from scanners.records import ContainerFacts, ImageFacts, PublishedPort
from tests.posture.collection.probes import confined, document, probe_node, probe_pulled
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_reports import saved, trivy, vulnerability

DIGESTS = {name: "sha256:" + letter * 64 for name, letter in (("web", "a"), ("db", "b"), ("tool", "e"))}
OPEN_PORT = PublishedPort(container_port=80, protocol="tcp", host_ip="0.0.0.0", host_port=8080)


@dataclass(frozen=True)
class Fleet:
    production: Environment
    staging: Environment
    alpha: Node
    beta: Node
    gamma: Node

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.alpha, self.beta, self.gamma


def images(*names: str) -> list[ImageFacts]:
    return [
        image(
            id=DIGESTS[name],
            references=(f"shop/{name}:1.0",),
            in_use_references=(f"shop/{name}:1.0",),
            user="",
        )
        for name in names
    ]


def containers(host: str, count: int) -> list[ContainerFacts]:
    """`count` containers of a host, the first privileged and open to every address, the last stopped."""
    made = []
    for number in range(count):
        image_name = "web" if number % 2 == 0 else "db"
        made.append(
            container(
                id=f"{host}-{number:03d}".ljust(64, "0"),
                name=f"{host}-app-{number:03d}",
                image_id=DIGESTS[image_name],
                image_reference=f"shop/{image_name}:1.0",
                privileged=number == 0,
                published_ports=(OPEN_PORT,) if number == 0 else (),
                status="exited" if number == count - 1 else "running",
                labels={"com.docker.compose.project": "shop"},
            )
        )
    return made


def pull(to: Node, name: str, count: int, *held: str) -> None:
    """One complete pull of a host named `name` with `count` containers and the images `held`."""
    records = pulled(
        containers(name, count), images(*held), engine_id=f"engine-{name}", name=name, swarm_state="inactive"
    )
    records.documents = {
        o.fingerprint: ingest.compress(msgspec.to_builtins(o.facts)) for o in records.everything()
    }
    write(to, records)
    Pull.objects.create(node=to, state=PullState.SUCCEEDED, trigger=PullTrigger.SCHEDULE, counts={"hosts": 1})
    Node.objects.filter(pk=to.pk).update(state="healthy", last_success_at=to.created_at)


def probe(to: Node, name: str, count: int) -> None:
    """What the host probe says of the same host: its first container is confined well, the others run unfiltered."""
    of_containers = [
        confined(made.id, manager="docker", process__seccomp="filter" if number == 0 else "disabled")
        for number, made in enumerate(containers(name, count)[:-1])
    ]
    said = document(
        *of_containers, docker={"engine_id": f"engine-{name}"}, host__name=name, host__id=f"machine-{name}"
    )
    records = probe_pulled(said)
    write(to, records)
    now = to.created_at
    Node.objects.filter(pk=to.pk).update(state="healthy", last_success_at=now, host_read_at=now)


def report(name: str, digest: str, count: int, first: int = 0) -> None:
    """What a scanner says of an image: `count` vulnerabilities, a fixed one and an unfixed one in turn."""
    found = [
        vulnerability(
            first + number,
            package=f"lib{name}{number % 3}",
            Severity=("CRITICAL", "HIGH", "MEDIUM", "LOW")[number % 4],
            Status=("fixed", "affected")[number % 2],
            FixedVersion=("3.0.2-1", "")[number % 2],
        )
        for number in range(count)
    ]
    about = trivy()["Metadata"] | {"ImageID": digest, "RepoTags": [f"shop/{name}:1.0"]}
    with tempfile.TemporaryDirectory() as folder:
        said = trivy(*found, ArtifactName=f"shop/{name}:1.0", Metadata=about)
        assert import_file(saved(Path(folder), said)).status == "imported"


def launch(scale: int = 1) -> Fleet:
    """Production holds alpha and beta, staging holds gamma; `scale` multiplies the containers. Host probes read beta
    and gamma."""
    sync()
    vulnerabilities.forget()
    production, staging = environment("production"), environment("staging")
    fleet = Fleet(
        production, staging, node("alpha", production), node("beta", production), node("gamma", staging)
    )
    pull(fleet.alpha, "alpha", 4 * scale, "web", "db")
    pull(fleet.beta, "beta", 3 * scale, "web", "db")
    pull(fleet.gamma, "gamma", 2 * scale, "web", "db", "tool")
    probe(probe_node("beta-host", production), "beta", 3 * scale)
    probe(probe_node("gamma-host", staging), "gamma", 2 * scale)
    for registered in fleet.nodes:
        enrol(registered)
    report("web", DIGESTS["web"], 4 * scale)
    report("tool", DIGESTS["tool"], 3 * scale, first=2 * scale)
    report("stray", "sha256:" + "f" * 64, 3 * scale, first=100)  # on no host of ours
    Vulnerability.objects.filter(key="CVE-2026-1001").update(
        epss=0.4, exploited_since=date(2026, 10, 1), fix_due_at=date(2026, 11, 1)
    )
    tallies.fold()
    for held_in in (production, staging, None):
        create_signer(
            name=f"release of {held_in.name if held_in else 'the company'}",
            environment=held_in,
            issuer="https://ci.example",
            subject="https://git.example/shop/*",
        )
    return fleet


def enrol(made: Node) -> None:
    """An enrolment token as the node's host would have used it, and one that is open."""
    used, _ = create_token(environment=made.environment, name=f"{made.name} itself")
    EnrolmentToken.objects.filter(pk=used.pk).update(used_at=used.created_at, node=made)
    create_token(environment=made.environment, name=f"{made.name}-2")
