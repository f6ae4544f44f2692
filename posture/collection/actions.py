"""What a person does to pulls and nodes that reaches past one app. One function per verb, each with its history."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from posture.accounts.models import User
from posture.base.problems import Conflict
from posture.base.sealing import CannotDecrypt
from posture.collection import image_trust, scanning, schedule, tasks
from posture.collection.changes import Changes
from posture.collection.pipeline import ERROR_TITLES
from posture.collection.sources import depart
from posture.compliance import ingest as compliance
from posture.decisions.follow import follow
from posture.defences import ingest as defences
from posture.findings import settle as findings
from posture.fleet import actions as fleet_actions
from posture.fleet import credentials, enrolment
from posture.fleet import ingest as fleet
from posture.fleet.choices import NodeKind, PullState, PullTrigger, Source
from posture.fleet.models import Asset, Environment, Node, Pull
from posture.history.actions import record
from posture.images import ingest as images
from posture.images import signature_ingest as signatures
from posture.risk import loads
from posture.risk.reweigh import members, reweigh
from posture.vulnerabilities import scan_jobs
from scanners.connectors import open_node
from scanners.connectors.ssh import scan_ssh_host_key
from scanners.records import AssetKind, Credential, Limits, NodeError

TEST_SECONDS = 15.0


def test_connection(
    *,
    address: str,
    credential: Credential,
    allow_plaintext: bool = False,
    kind: str = NodeKind.DOCKER,
    use_sudo: bool = False,
    reads_host: bool = False,
) -> dict[str, Any]:
    """Try an address and credential without storing anything: what was found, what is missing, or what is wrong."""
    started = time.monotonic()
    answer: dict[str, Any] = {"ok": False, "report": None, "error": None}
    try:
        with open_node(
            kind,
            address,
            credential,
            Limits(seconds=TEST_SECONDS, bytes=32 * 1024 * 1024),
            allow_plaintext=allow_plaintext,
            denied_networks=settings.PULL_DENIED_NETWORKS,
            sudo=use_sudo,
            reads_host=reads_host,
            is_cancelled=lambda: False,
        ) as session:
            report = session.probe()
        answer |= {"ok": True, "report": {name: getattr(report, name) for name in report.__struct_fields__}}
    except NodeError as error:
        answer["error"] = problem_of(error)
    return answer | {"elapsed_ms": round((time.monotonic() - started) * 1000)}


def test_node(*, node: Node) -> dict[str, Any]:
    """The same for a registered node, with the credential that is stored."""
    try:
        credential = credentials.unseal(node.credential)
    except CannotDecrypt as error:
        return {
            "ok": False,
            "report": None,
            "elapsed_ms": 0,
            "error": {
                "code": "credential",
                "title": ERROR_TITLES["credential"],
                "detail": str(error),
                "hint": "",
            },
        }
    return test_connection(
        kind=node.kind,
        address=node.address,
        credential=credential,
        allow_plaintext=node.allow_plaintext,
        use_sudo=node.use_sudo,
        reads_host=node.reads_host,
    )


def scan_host_key(*, address: str) -> dict[str, str]:
    """The SSH host key that the address shows now, for a person to compare and pin. Raises NodeError."""
    kind, key, fingerprint = scan_ssh_host_key(address, denied_networks=settings.PULL_DENIED_NETWORKS)
    return {"type": kind, "key": f"{kind} {key}", "fingerprint": fingerprint}


def problem_of(error: NodeError) -> dict[str, str]:
    return {
        "code": error.code,
        "title": ERROR_TITLES.get(error.code, "The node could not be read"),
        "detail": error.message,
        "hint": error.hint,
    }


def pull_now(*, node: Node, by: User | None, trigger: PullTrigger = PullTrigger.PERSON) -> Pull:
    """Queue a pull at once; when the node is already being pulled, that pull is the answer."""
    with transaction.atomic():
        pull, queued = schedule.queue_pull(node=node, trigger=trigger)
        if queued:
            # The registration itself is in the history already.
            if trigger != PullTrigger.REGISTRATION:
                record(verb="pull", obj=node, object_kind="node", object_name=node.name, changes={}, actor=by)
            transaction.on_commit(lambda: schedule.send(pull, tasks.enqueue))
    return pull


def scan_now(*, image: Asset, by: User | None = None) -> None:
    """Have every tool look at an image before all others. Raises Conflict when it cannot be read, or no tool is here."""
    tools = scanning.tools_to_use()
    now = timezone.now()
    with transaction.atomic():
        scan_jobs.expect(tools, now, asset_ids=[image.pk])
        if not scan_jobs.is_known(image.pk):
            raise Conflict("No host holds this image, so it cannot be read.", code="image_not_held")
        if scan_jobs.ask(image.pk, now):
            record(verb="scan", obj=image, object_kind="image", object_name=image.name, changes={}, actor=by)
            transaction.on_commit(lambda: scanning.send(tasks.enqueue_scan))


def enrol_node(
    *,
    text: str,
    name: str,
    address: str,
    certificate: str,
    bearer: str,
    host: str | None,
    probe_version: str,
) -> Node:
    """A host registers itself with the enrolment token `text`. Its first pull is due once its agent has had time to start.

    All or nothing: what is refused leaves the token open, but for a token that is over, whose use is in the history.
    """
    with transaction.atomic():
        token = enrolment.claim(text)
        refused = enrolment.refusal(token)
        if refused is None:
            return enrolment.register(
                token=token,
                name=name,
                address=address,
                certificate=certificate,
                bearer=bearer,
                host=host,
                probe_version=probe_version,
            )
        enrolment.record_refusal(token, refused)
    raise refused


def retry_pull(*, pull: Pull, by: User | None) -> Pull:
    """Queue another pull of the same node."""
    if pull.is_active:
        raise Conflict("This pull has not ended yet.", code="pull_active")
    return pull_now(node=pull.node, by=by, trigger=PullTrigger.RETRY)


def cancel_pull(*, pull: Pull, by: User | None) -> Pull:
    """Ask a pull to stop. A queued one ends now; a running one at its next read, and it stores nothing."""
    with transaction.atomic():
        locked = Pull.objects.select_for_update(of=("self",)).select_related("node").get(pk=pull.pk)
        if not locked.is_active:
            raise Conflict("This pull has already ended.", code="pull_ended")
        locked.cancel_requested = True
        locked.save(update_fields=["cancel_requested"])
        if locked.state == PullState.QUEUED:
            schedule.end(locked, PullState.CANCELLED)
        record(
            verb="cancel",
            obj=locked,
            object_kind="pull",
            object_name=f"pull of {locked.node.name}",
            changes={},
            actor=by,
        )
    return locked


def move_node(*, node: Node, environment: Environment) -> None:
    """A node's host and containers follow it into another environment, with their findings, tallies and points."""
    host = node.host
    if host is None or host.environment_id == environment.pk:
        return
    at = timezone.now()
    with transaction.atomic():
        fleet.lock_shared()
        fleet.lock(host.pk)
        ids = [
            host.pk,
            *Asset.objects.filter(host=host, kind=AssetKind.CONTAINER).values_list("pk", flat=True),
        ]
        deltas = compliance.move_tallies(ids, environment.pk)
        fleet.move(ids, environment.pk)
        findings.move(ids, environment.pk)
        reweigh(ids, environment.data_classes, at)
        held = images.presences_on(host.pk)
        judged = image_trust.judge(held, at)
        judged.deltas.update(deltas)
        judged.image_ids.update(held)
        loads.roll_up(follow(ids, at), at)
        image_trust.roll_up(judged, at)


def reweigh_environment(*, environment: Environment) -> int:
    """After its data classes changed: points and loads of everything in it; returns how many findings changed."""
    with transaction.atomic():
        ids = members(environment.pk)
        hosts = (
            Asset.objects.filter(pk__in=ids, kind=AssetKind.HOST).order_by("pk").values_list("pk", flat=True)
        )
        for host_id in hosts:
            fleet.lock(host_id)
        return reweigh(ids, environment.data_classes, timezone.now())


def judge_images() -> None:
    """Policies for images may have changed: once this is committed, a worker judges again what that touches."""
    transaction.on_commit(tasks.ask_to_judge_images)


def delete_node(*, node: Node, by: User | None) -> None:
    """Forget a node. What only it measured is no longer of the present; its past stays for `as_of`.

    A pull that is running loses its row, and with it the right to write.
    """
    with transaction.atomic():
        if node.kind == NodeKind.REGISTRY:
            _end_evidence(node)
        else:
            _end_measured(node, tuple(Source))
        fleet_actions.delete_node(node=node, by=by)


def stop_reading_host(*, node: Node, by: User | None) -> None:
    """A node that read its host along with the engine does so no more: what only it measured there is of the past.

    A pull that is running may have read the host already, and is cancelled.
    """
    with transaction.atomic():
        _end_measured(node, (Source.PROBE,))
        for pull in Pull.objects.filter(node=node, state=PullState.RUNNING):
            with suppress(Conflict):  # it has just ended
                cancel_pull(pull=pull, by=by)


def _end_evidence(node: Node) -> None:
    """A registry tells nothing more of images."""
    at = timezone.now()
    fleet.lock_shared()
    image_trust.settle(signatures.end_evidence(node.pk, at), at)


def _end_measured(node: Node, sources: Sequence[Source]) -> None:
    """The node brings these sources no longer: the end of what no other node measures."""
    at = timezone.now()
    # Shared assets, the host, the node: the order in which pulls lock them.
    fleet.lock_shared()
    host = Asset.objects.filter(nodes=node.pk).first()
    if host is None:
        return
    fleet.lock(host.pk)
    changes = Changes(node, at=at)
    depart(host.pk, node, changes, sources)
    gone = changes.gone
    changes.deltas.update(compliance.end_results(gone, at))
    findings.resolve_all(gone, at)
    loads.end(gone, at)
    defences.end(gone, at)
    fleet.mark_gone(gone, at)
    signatures.end(gone, at)
    judged = image_trust.judge(changes.used_images.difference(gone), at)
    judged.deltas.update(changes.deltas)
    loads.recompute(changes.touched.difference(gone), at, left=changes.left)
    image_trust.roll_up(judged, at)
