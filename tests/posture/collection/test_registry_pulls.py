"""Pulls of a real registry: images that run are really signed there, and every environment makes its own of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerUnreachable

from posture.accounts.models import User
from posture.collection import actions, freshness, image_trust, pipeline, schedule, tasks
from posture.collection.registry_writing import wanted
from posture.compliance.choices import NUMBER
from posture.compliance.models import CheckResult, Tally
from posture.findings.models import Finding
from posture.fleet.actions import create_node, update_environment
from posture.fleet.choices import NodeKind, NodeState, PullState, PullTrigger
from posture.fleet.models import Asset, Environment, Node, Pull
from posture.images import signature_ingest as signatures
from posture.images.actions import create_signer, delete_signer
from posture.images.models import ImageEvidence, ImageSignature
from posture.risk import formula, ledger
from scanners.checks.examples import container, image
from scanners.connectors.registry_client import fallback_tag
from scanners.records import AssetKind, ContainerFacts, Credential, ImageFacts
from tests.posture.collection import pulls
from tests.posture.people import person, program, send
from tests.registries import Layout, Running, running
from tests.signing import PROVENANCE_V1, attestation, cosign, new_key, public_pem, statement

pytestmark = pytest.mark.django_db(transaction=True)

KEY, STRANGER = new_key(), new_key()
WORDS = {number: outcome.value for outcome, number in NUMBER.items()}
SIGNED = "image.signature-verified"
ALLOWED = "image.registry-allowed"
PROVENANCE = "image.provenance-available"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("registry"), password=True) as started:
        yield started


class Kept:
    """An image in the registry, and what an engine would say of it and of a container of it."""

    def __init__(self, registry: Running, folder: Path, repository: str) -> None:
        layout = Layout(folder / repository.replace("/", "-"))
        built = [layout.image(f"{repository} {a}", a) for a in ("amd64", "arm64")]
        self.manifest = str(built[0]["digest"])
        self.index = layout.name(layout.index(built), "x")
        registry.push(layout, "x", repository, "1.0")
        self.registry, self.repository = registry, repository
        self.name = f"{registry.host}/{repository}"
        content = json.loads((layout.folder / "blobs/sha256" / self.manifest[7:]).read_text())
        self.id = str(content["config"]["digest"])

    @property
    def facts(self) -> ImageFacts:
        return image(
            id=self.id,
            references=(f"{self.name}:1.0",),
            repo_digests=(f"{self.name}@{self.index}",),
            in_use_references=(f"{self.name}:1.0",),
            architecture="amd64",
        )

    def container(self, name: str) -> ContainerFacts:
        return container(id=(name * 64)[:64], name=name, image_id=self.id, image_reference=f"{self.name}:1.0")

    def sign(self, key=KEY) -> None:
        self.registry.put_signature(
            self.repository, cosign(key, self.index, self.name), f"{fallback_tag(self.index)}.sig"
        )

    def attest(self, key=KEY) -> None:
        said = attestation(key, statement(self.manifest, "https://slsa.dev/provenance/v1", PROVENANCE_V1))
        self.registry.put_signature(self.repository, said, f"{fallback_tag(self.manifest)}.att")

    @property
    def asset(self) -> Asset:
        return Asset.objects.get(kind=AssetKind.IMAGE, key=self.id)

    def outcome(self, environment: Environment | None) -> str:
        row = ImageSignature.objects.current().filter(image=self.asset, environment=environment).first()
        return "" if row is None else row.outcome

    def verdict(self, check: str) -> str:
        result = CheckResult.objects.current().get(asset=self.asset, check_definition__slug=check)
        return WORDS[result.outcome]

    def findings(self) -> set[str]:
        ours = {SIGNED, ALLOWED, PROVENANCE}
        return set(
            Finding.objects.open().filter(asset=self.asset, key__in=ours).values_list("key", flat=True)
        )


@pytest.fixture
def production() -> Environment:
    return pulls.environment("production")


def node_of(registry: Running, environment: Environment, **changes: object) -> Node:
    fields = {
        "name": "the registry",
        "kind": NodeKind.REGISTRY,
        "address": registry.address,
        "environment": environment,
        "credential": registry.credential,
        "allow_plaintext": True,
    }
    return create_node(**(fields | changes))  # type: ignore[arg-type]


def pull(node: Node) -> Pull:
    queued, _ = schedule.queue_pull(node=node, trigger=PullTrigger.PERSON)
    pipeline.run(queued.pk, str(queued.token))
    queued.refresh_from_db()
    node.refresh_from_db()
    return queued


def run_on(environment: Environment, *kept: Kept, name: str = "alpha") -> Node:
    """Hosts of the environment run a container of each image."""
    engine = Node.objects.filter(name=name).first() or pulls.node(name, environment)
    containers = [each.container(f"{name}{number}") for number, each in enumerate(kept)]
    pulls.write(
        engine,
        pulls.pulled(containers, [each.facts for each in kept], engine_id=f"engine of {name}", name=name),
    )
    return engine


def sign_in(environment: Environment | None, key=KEY, name: str = "release"):
    return create_signer(name=name, environment=environment, public_key=public_pem(key))


def test_a_signed_image_is_verified_by_whom_its_environment_trusts(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/first")
    kept.sign()
    update_environment(environment=production, requires_signatures=True)
    run_on(production, kept)
    assert kept.verdict(SIGNED) == "not_measured" and kept.outcome(production) == ""
    sign_in(production)
    done = pull(node_of(registry, production))
    assert done.state == PullState.SUCCEEDED, (done.error, done.skipped)
    assert (kept.outcome(production), kept.outcome(None)) == ("verified", "untrusted")
    assert kept.verdict(SIGNED) == "pass" and SIGNED not in kept.findings()
    assert "signature" in kept.asset.evidence
    node = Node.objects.get(kind=NodeKind.REGISTRY)
    assert (node.state, node.host, node.engine["name"]) == (NodeState.HEALTHY, None, "registry")


def test_an_unsigned_image_is_a_finding_only_where_signatures_are_demanded(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/unsigned")
    run_on(production, kept)
    pull(node_of(registry, production))
    assert kept.outcome(production) == "unsigned" and kept.verdict(SIGNED) == "manual"
    before = kept.asset.load or 0.0
    update_environment(environment=production, requires_signatures=True)
    assert image_trust.catch_up() and not image_trust.catch_up()
    assert kept.verdict(SIGNED) == "fail" and SIGNED in kept.findings()
    kept.asset.refresh_from_db()
    assert (kept.asset.load or 0.0) > before
    host = Asset.objects.get(kind=AssetKind.HOST)
    energies = [formula.energy(f.points) for f in ledger.findings_behind(host)]
    assert host.load == pytest.approx(formula.load(sum(energies)), rel=1e-9)
    kept.sign()
    sign_in(None)
    pull(Node.objects.get(kind=NodeKind.REGISTRY))
    assert kept.verdict(SIGNED) == "pass" and SIGNED not in kept.findings()


def test_environments_trust_differently(registry: Running, tmp_path: Path, production: Environment) -> None:
    staging = pulls.environment("staging")
    kept = Kept(registry, tmp_path, "shop/two")
    kept.sign(STRANGER)
    for environment in (production, staging):
        update_environment(environment=environment, requires_signatures=True)
    sign_in(production)
    signer = sign_in(staging, STRANGER, "staging's")
    run_on(staging, kept, name="beta")
    pull(node_of(registry, production))
    assert kept.outcome(staging) == "verified" and kept.verdict(SIGNED) == "pass"
    run_on(production, kept)  # it runs in production from now on, where its key is not trusted
    assert kept.outcome(production) == "untrusted" and kept.verdict(SIGNED) == "fail"
    finding = Finding.objects.open().get(asset=kept.asset, key=SIGNED)
    assert finding.evidence[0].startswith("Production demands a trusted signature: signed, but")
    run_on(production)  # and no more
    assert kept.outcome(production) == "" and kept.verdict(SIGNED) == "pass"
    delete_signer(signer=signer)
    image_trust.catch_up()
    assert kept.outcome(staging) == "untrusted" and kept.verdict(SIGNED) == "fail"


def test_a_host_that_moves_takes_its_images_into_another_policy(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    staging = pulls.environment("staging")
    kept = Kept(registry, tmp_path, "shop/moved")
    update_environment(environment=production, requires_signatures=True)
    engine = run_on(staging, kept)
    pull(node_of(registry, production))
    assert kept.verdict(SIGNED) == "manual"
    actions.move_node(node=engine, environment=production)
    assert kept.verdict(SIGNED) == "fail" and kept.outcome(staging) == ""
    assert sum(t.assets for t in Tally.objects.filter(check_definition__slug=SIGNED)) == 1


def test_images_of_registries_that_are_not_allowed_are_findings(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/allowed")
    run_on(production, kept)
    assert kept.verdict(ALLOWED) == "manual"
    update_environment(environment=production, allowed_registries=["registry.example"])
    image_trust.catch_up()
    assert kept.verdict(ALLOWED) == "fail" and ALLOWED in kept.findings()
    update_environment(environment=production, allowed_registries=[f"{registry.host}/shop/"])
    image_trust.catch_up()
    assert kept.verdict(ALLOWED) == "pass" and ALLOWED not in kept.findings()
    update_environment(environment=production, allowed_registries=[])
    image_trust.catch_up()
    assert kept.verdict(ALLOWED) == "fail"
    update_environment(environment=production, allowed_registries=None)
    image_trust.catch_up()
    assert kept.verdict(ALLOWED) == "manual"


def test_a_change_through_the_api_is_judged_by_the_task_that_it_asks_for(
    registry: Running, tmp_path: Path, production: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(registry, tmp_path, "shop/asked")
    kept.sign()
    run_on(production, kept)
    pull(node_of(registry, production))
    image_trust.catch_up()
    asked: list[dict] = []
    monkeypatch.setattr(tasks.judge_images, "apply_async", lambda **options: asked.append(options))
    client = program(person())
    answer = send(client, "PATCH", f"/environments/{production.pk}", {"requires_signatures": True})
    assert answer.status_code == 200 and len(asked) == 1
    assert kept.verdict(SIGNED) == "manual"
    tasks.judge_images()
    assert kept.verdict(SIGNED) == "fail"
    signer = {"name": "release", "public_key": public_pem(KEY)}
    assert send(client, "POST", "/trusted-signers", signer).status_code == 201 and len(asked) == 2
    tasks.judge_images()
    assert kept.verdict(SIGNED) == "pass" and kept.outcome(None) == "verified"


def test_without_a_broker_the_tick_catches_up(
    production: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**options: object) -> None:
        raise BrokerUnreachable("nobody listens")

    image_trust.catch_up()
    monkeypatch.setattr(tasks.judge_images, "apply_async", refuse)
    body = {"requires_signatures": True}
    assert send(program(person()), "PATCH", f"/environments/{production.pk}", body).status_code == 200
    before = signatures.judged_under()
    tasks.expire_evidence()
    assert signatures.judged_under() == image_trust.policy_fingerprint() != before


def test_provenance_is_shown_and_judged(registry: Running, tmp_path: Path, production: Environment) -> None:
    kept = Kept(registry, tmp_path, "shop/built")
    kept.attest()
    run_on(production, kept)
    node = node_of(registry, production)
    pull(node)
    assert kept.verdict(PROVENANCE) == "fail"
    sign_in(production)
    image_trust.catch_up()
    assert kept.verdict(PROVENANCE) == "pass" and kept.outcome(production) == "verified"
    row = ImageSignature.objects.current().get(image=kept.asset, environment=production)
    (provenance,) = row.provenance
    assert provenance["source"] == "git+https://github.com/shop/web@refs/heads/main"
    assert (provenance["signer"], provenance["verified"]) == ("release", True)


def rows_written() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables"
            " WHERE relname NOT IN ('fleet_pull', 'fleet_node')"
        )
        return int(cursor.fetchone()[0])


def test_an_unchanged_pull_writes_the_pull_and_the_node_only(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/same")
    kept.sign()
    sign_in(None)
    run_on(production, kept)
    node = node_of(registry, production)
    pull(node)
    before = rows_written()
    done = pull(node)
    assert done.state == PullState.SUCCEEDED and done.counts["unchanged"] == 1
    assert rows_written() == before


def test_what_the_registry_forgot_is_said_and_what_was_proven_stays(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept, gone = Kept(registry, tmp_path, "shop/stays"), Kept(registry, tmp_path, "shop/gone")
    kept.sign()
    sign_in(None)
    run_on(production, kept, gone)
    registry.send("DELETE", f"/v2/shop/gone/manifests/{gone.index}")
    node = node_of(registry, production)
    done = pull(node)
    assert done.state == PullState.PARTIAL and done.skipped[0]["where"].startswith("image shop/gone@")
    assert gone.outcome(None) == "not_measured" and "signature" not in gone.asset.evidence
    assert "has no shop/gone" in ImageEvidence.objects.current().get(image=gone.asset).problem
    registry.send("DELETE", f"/v2/shop/stays/manifests/{kept.index}")
    pull(node)
    assert kept.outcome(None) == "verified"


def test_a_removed_registry_leaves_nothing_measured(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/removed")
    kept.sign()
    sign_in(None)
    run_on(production, kept)
    node = node_of(registry, production)
    pull(node)
    coverage = kept.asset.coverage
    by: User | None = None
    actions.delete_node(node=node, by=by)
    assert kept.outcome(None) == "" and kept.verdict(SIGNED) == "not_measured"
    assert "signature" not in kept.asset.evidence and kept.asset.coverage < coverage
    past = ImageSignature.objects.filter(image=kept.asset, closed_at__isnull=False, environment__isnull=True)
    assert past.get().outcome == "verified"


def test_evidence_of_a_silent_registry_ends_to_count_and_comes_back(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/stale")
    kept.sign()
    run_on(production, kept)
    node = node_of(registry, production)
    pull(node)
    assert freshness.expire() == 0
    Node.objects.filter(pk=node.pk).update(last_success_at=timezone.now() - timedelta(days=3))
    assert freshness.expire() >= 1
    assert "signature" not in kept.asset.evidence and kept.outcome(None) == "untrusted"
    pull(node)
    assert "signature" in kept.asset.evidence


def test_only_images_of_this_registry_and_namespace_are_asked_for(
    registry: Running, tmp_path: Path, production: Environment
) -> None:
    kept = Kept(registry, tmp_path, "shop/here")
    elsewhere = Kept(registry, tmp_path, "team/there")
    run_on(production, kept, elsewhere)
    everything = node_of(registry, production)
    assert {each.repository for each in wanted(everything)} == {"shop/here", "team/there"}
    part = node_of(registry, production, name="part", address=f"{registry.address}/shop")
    assert [each.repository for each in wanted(part)] == ["shop/here"]
    hub = node_of(
        registry, production, name="hub", address="https://docker.io", credential=Credential(),
        allow_plaintext=False,
    )  # fmt: skip
    assert wanted(hub) == []


def test_a_registry_that_refuses_us_is_said_on_the_node(registry: Running, production: Environment) -> None:
    wrong = Credential(username="reader", password="wrong")
    node = node_of(registry, production, credential=wrong)
    done = pull(node)
    assert (done.state, done.error["code"]) == (PullState.FAILED, "permission_denied")
    assert "wrong" not in json.dumps(done.error) and node.state == NodeState.FAILING
