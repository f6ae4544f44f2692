"""What a person does to environments and nodes: one function per verb, each with its history entry."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.text import slugify

from posture.accounts.models import User
from posture.base.problems import Conflict, Invalid
from posture.base.sealing import CannotDecrypt
from posture.fleet import addresses, credentials
from posture.fleet.choices import DataClass, NodeKind, NodeState, Source
from posture.fleet.models import Environment, Node
from posture.history.actions import HIDDEN, differences, record
from scanners.oci import is_repository
from scanners.records import Credential

MOST_LABELS = 50
_LABEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}")
_NODE_FIELDS = (
    "name",
    "address",
    "allow_plaintext",
    "use_sudo",
    "reads_host",
    "labels",
    "interval_seconds",
    "limit_seconds",
    "limit_bytes",
    "limit_items",
)
_ENVIRONMENT_FIELDS = (
    "slug",
    "name",
    "description",
    "line",
    "data_classes",
    "requires_signatures",
    "requires_approval",
    "allowed_registries",
)
MOST_REGISTRIES = 100
_REGISTRY = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_KEEP: Any = object()  # what is not given stays, where None is a value


# -- nodes


@transaction.atomic
def create_node(
    *,
    name: str,
    address: str,
    environment: Environment,
    credential: Credential | None = None,
    allow_plaintext: bool = False,
    labels: Mapping[str, str] | None = None,
    interval_seconds: int | None = None,
    limits: Mapping[str, int] | None = None,
    kind: str = NodeKind.DOCKER,
    use_sudo: bool = False,
    reads_host: bool = False,
    by: User | None = None,
) -> Node:
    """Registers a node; it is due at once. Raises Invalid naming each field that is not acceptable."""
    node = Node(
        name=name.strip(),
        kind=kind,
        address=address.strip(),
        allow_plaintext=allow_plaintext,
        use_sudo=use_sudo,
        reads_host=reads_host,
        environment=environment,
        labels=dict(labels or {}),
        **_limit_columns(limits or {}),
    )
    if interval_seconds is not None:
        node.interval_seconds = interval_seconds
    _put_credential(node, _normalised(credential or Credential()))
    _check(node, credential or Credential())
    _save_new(node, "name", "There is a node with this name already.")
    changes = differences({}, _seen(node) | {"kind": node.kind})
    if node.credential is not None:
        changes |= {"credential": [None, HIDDEN], "credential_parts": [None, node.credential_parts]}
    _record(node, "created", changes, by)
    return node


@transaction.atomic
def update_node(
    *,
    node: Node,
    name: str | None = None,
    address: str | None = None,
    environment: Environment | None = None,
    credential: Mapping[str, str] | None = None,
    allow_plaintext: bool | None = None,
    use_sudo: bool | None = None,
    reads_host: bool | None = None,
    labels: Mapping[str, str] | None = None,
    interval_seconds: int | None = None,
    limits: Mapping[str, int] | None = None,
    by: User | None = None,
) -> Node:
    """Changes what is given; `credential` as in `rotate_credential`. A new address or credential is tried at once.

    A new environment is only written on the node: its assets are moved by `collection.actions.move_node`.
    """
    node = _locked(node)
    before, parts_before = _seen(node), list(node.credential_parts)
    given = {
        "name": None if name is None else name.strip(),
        "address": None if address is None else address.strip(),
        "allow_plaintext": allow_plaintext,
        "use_sudo": use_sudo,
        "reads_host": reads_host,
        "labels": None if labels is None else dict(labels),
        "interval_seconds": interval_seconds,
        "environment": environment,
        **_limit_columns(limits or {}),
    }
    for field, value in given.items():
        if value is not None:
            setattr(node, field, value)
    opens_differently = credential is not None or any(
        before[field] != getattr(node, field)
        for field in ("address", "allow_plaintext", "use_sudo", "reads_host")
    )
    if opens_differently:
        stored = _merged(node, credential or {})
        _check(node, stored)
        if credential is not None:
            _put_credential(node, stored)
        node.next_due_at = timezone.now()
    else:
        _check(node, None)
    changes = differences(before, _seen(node))
    if credential is not None:
        changes |= {
            "credential": [HIDDEN, HIDDEN],
            "credential_parts": [parts_before, node.credential_parts],
        }
    if "interval_seconds" in changes and not node.consecutive_failures:
        # A shorter interval must not wait for the end of the longer one.
        since = node.last_success_at or node.created_at
        node.next_due_at = min(node.next_due_at, since + timedelta(seconds=node.interval_seconds))
    if not changes:
        return node
    try:
        with transaction.atomic():
            node.save(update_fields=[*_NODE_FIELDS, "environment", "next_due_at", *_CREDENTIAL_FIELDS])
    except IntegrityError:
        raise Invalid(
            "Not accepted: name.", errors={"name": "There is a node with this name already."}
        ) from None
    _record(node, "changed", changes, by)
    return node


def rotate_credential(*, node: Node, credential: Mapping[str, str], by: User | None = None) -> Node:
    """Replaces the parts that are given, removes those given as "", keeps the others; the node is tried at once.

    A new private key comes with its own passphrase or with none.
    """
    return update_node(node=node, credential=credential, by=by)


@transaction.atomic
def pause_node(*, node: Node, by: User | None = None) -> Node:
    """No more pulls by schedule. One that is running goes on to its end."""
    node = _locked(node)
    if not node.paused:
        before = node.state
        node.paused, node.state = True, NodeState.PAUSED
        node.save(update_fields=["paused", "state"])
        _record(node, "paused", {"paused": [False, True], "state": [before, node.state]}, by)
    return node


@transaction.atomic
def resume_node(*, node: Node, by: User | None = None) -> Node:
    """Pulled again, at once. Until then the lamp shows what the last pull said."""
    node = _locked(node)
    if node.paused:
        node.paused, node.next_due_at = False, timezone.now()
        node.state = _state_of(node)
        node.save(update_fields=["paused", "state", "next_due_at"])
        _record(node, "resumed", {"paused": [True, False], "state": [NodeState.PAUSED, node.state]}, by)
    return node


@transaction.atomic
def delete_node(*, node: Node, by: User | None = None) -> None:
    """Forgets the node, its pulls and its credential; a running pull loses its row, and so the right to write.

    What it found is ended by `collection.actions.delete_node`, which calls this.
    """
    node = _locked(node)
    pk, changes = node.pk, differences(_seen(node), dict.fromkeys(_seen(node)))
    node.delete()
    record(verb="deleted", obj=pk, object_kind="node", object_name=node.name, changes=changes, actor=by)


_CREDENTIAL_FIELDS = ("credential", "credential_parts", "host_key_fingerprint")


def _locked(node: Node) -> Node:
    # Of the node only: the environment's row is shared by many.
    return Node.objects.select_for_update(of=("self",)).select_related("environment").get(pk=node.pk)


def _seen(node: Node) -> dict[str, Any]:
    """What the history shows of a node. Its credential is not in it."""
    return {field: getattr(node, field) for field in _NODE_FIELDS} | {"environment": node.environment.slug}


def _state_of(node: Node) -> str:
    never = node.last_success_at is None
    if node.consecutive_failures:
        return NodeState.FAILING if never or node.consecutive_failures >= 3 else NodeState.DEGRADED
    return NodeState.NEW if never else NodeState.HEALTHY


def _limit_columns(limits: Mapping[str, int]) -> dict[str, int]:
    unknown = sorted(set(limits) - {"seconds", "bytes", "items"})
    if unknown:
        raise Invalid(
            "Not accepted: limits.", errors={f"limits.{name}": "There is no such limit." for name in unknown}
        )
    return {f"limit_{name}": value for name, value in limits.items()}


def _merged(node: Node, given: Mapping[str, str]) -> Credential:
    """The stored credential with the given parts in place of their like. Raises Invalid when it cannot be read."""
    unknown = sorted(set(given) - set(credentials.PARTS))
    if unknown:
        raise Invalid(
            "Not accepted: credential.",
            errors={f"credential.{name}": "There is no such part." for name in unknown},
        )
    parts = dict(given)
    if "ssh_private_key" in parts:
        parts.setdefault("ssh_passphrase", "")
    if set(parts) == set(credentials.PARTS):
        return _normalised(Credential(**parts))  # nothing of the old one is left, so it need not be readable
    try:
        stored = credentials.unseal(node.credential)
    except CannotDecrypt as error:
        raise Conflict(
            str(error), code="credential", hint="Give every part anew, those that are not used as empty text."
        ) from None
    kept = {name: getattr(stored, name) for name in credentials.PARTS}
    return _normalised(Credential(**(kept | parts)))


def _normalised(credential: Credential) -> Credential:
    """Line ends as PEM wants them, and the host key without its comment, so that it compares exactly."""
    parts = {}
    for name in credentials.PARTS:
        text = getattr(credential, name)
        if name == "ssh_host_key":
            text = " ".join(text.split()[:2])
        elif name in ("token", "username"):
            text = text.strip()
        elif name not in ("ssh_passphrase", "password"):
            text = text.replace("\r\n", "\n").strip()
            text = text and text + "\n"
        parts[name] = text
    return Credential(**parts)


def _put_credential(node: Node, credential: Credential) -> None:
    node.credential_parts = credentials.parts_of(credential)
    node.credential = credentials.seal(credential) if node.credential_parts else None
    node.host_key_fingerprint = ""
    if credential.ssh_host_key:
        try:
            kind, _, fingerprint = addresses.host_key(credential.ssh_host_key)
        except ValueError:
            return  # `_check` says so, with its field
        node.host_key_fingerprint = f"{kind} {fingerprint}"


def _check(node: Node, credential: Credential | None) -> None:
    """Raises Invalid with every field that is wrong; the credential too when one is given."""
    errors: dict[str, list[str]] = {}
    try:
        # Only what a person writes; uniqueness is the database's to say: see `_save_new`.
        node.clean_fields(exclude={field.name for field in Node._meta.fields} - {"kind", *_NODE_FIELDS})
    except ValidationError as error:
        names = {
            "limit_seconds": "limits.seconds",
            "limit_bytes": "limits.bytes",
            "limit_items": "limits.items",
        }
        errors = {names.get(field, field): messages for field, messages in error.message_dict.items()}
    if not node.name.isprintable():
        errors.setdefault("name", []).append("A name has no control characters.")
    if wrong := label_errors(node.labels):
        errors["labels"] = wrong
    if "address" not in errors and (message := addresses.address_error(node.address, node.kind)):
        errors["address"] = [message]
    errors |= {field: [message] for field, message in _option_errors(node).items()}
    if credential is not None and "address" not in errors:
        found = addresses.credential_errors(
            node.address, credential, allow_plaintext=node.allow_plaintext, kind=node.kind
        )
        errors |= {f"credential.{part}": [message] for part, message in found.items()}
    if errors:
        raise Invalid(f"Not accepted: {', '.join(errors)}.", title="Some values are not valid", errors=errors)


def _option_errors(node: Node) -> dict[str, str]:
    is_plain = node.kind == NodeKind.REGISTRY and node.address.startswith("http://")
    if is_plain and not node.allow_plaintext:
        return {"allow_plaintext": "A registry without TLS is read only where plaintext is allowed."}
    over_ssh = node.address.startswith("ssh://")
    if node.reads_host and (node.kind != NodeKind.DOCKER or not over_ssh):
        return {"reads_host": "The host is read along with its engine over ssh:// only."}
    if node.use_sudo and not (over_ssh and Source.PROBE in node.sources):
        return {"use_sudo": "sudo is for a host probe over ssh:// only."}
    return {}


def label_errors(labels: Any) -> list[str]:
    """What is wrong with a node's labels, in sentences; empty when nothing is."""
    if not isinstance(labels, dict):
        return ["Labels are names with values."]
    if len(labels) > MOST_LABELS:
        return [f"At most {MOST_LABELS} labels."]
    errors = []
    for name, value in labels.items():
        if not isinstance(name, str) or not _LABEL_NAME.fullmatch(name):
            errors.append(f"“{str(name)[:70]}”: a name has up to 63 letters, digits and . _ / -")
        elif not isinstance(value, str) or len(value) > 200 or not value.isprintable():
            errors.append(f"“{name}”: a value is text of at most 200 characters on one line.")
    return errors


def _save_new(row: models.Model, field: str, message: str) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Invalid(f"Not accepted: {field}.", errors={field: message}) from None


def _record(row: Node | Environment, verb: str, changes: Mapping[str, Any], by: User | None) -> None:
    kind = "node" if isinstance(row, Node) else "environment"
    record(verb=verb, obj=row, object_kind=kind, object_name=row.name, changes=changes, actor=by)


# -- environments


@transaction.atomic
def create_environment(
    *,
    name: str,
    slug: str = "",
    description: str = "",
    line: float = 100.0,
    data_classes: list[str] | None = None,
    requires_signatures: bool = False,
    requires_approval: bool = False,
    allowed_registries: list[str] | None = None,
    by: User | None = None,
) -> Environment:
    """Without a slug one is made of the name. Raises Invalid naming each field that is not acceptable."""
    environment = Environment(
        name=name.strip(),
        slug=slug or slugify(name)[:60],
        description=description.strip(),
        line=line,
        data_classes=_ordered(data_classes or []),
        requires_signatures=requires_signatures,
        requires_approval=requires_approval,
        allowed_registries=_registries(allowed_registries),
    )
    _check_environment(environment)
    _save_new(environment, "name", "There is an environment with this name or slug already.")
    _record(environment, "created", differences({}, _environment_seen(environment)), by)
    return environment


@transaction.atomic
def update_environment(
    *,
    environment: Environment,
    name: str | None = None,
    slug: str | None = None,
    description: str | None = None,
    line: float | None = None,
    data_classes: list[str] | None = None,
    requires_signatures: bool | None = None,
    requires_approval: bool | None = None,
    allowed_registries: list[str] | None = _KEEP,
    by: User | None = None,
) -> Environment:
    """Changes what is given; no list of registries at all is None. New data classes change points, and what is demanded
    of images changes verdicts: call `collection.actions.reweigh_environment` and `judge_images_again` after."""
    environment = Environment.objects.select_for_update().get(pk=environment.pk)
    before = _environment_seen(environment)
    given = {
        "name": None if name is None else name.strip(),
        "slug": slug,
        "description": description,
        "line": line,
        "data_classes": None if data_classes is None else _ordered(data_classes),
        "requires_signatures": requires_signatures,
        "requires_approval": requires_approval,
    }
    for field, value in given.items():
        if value is not None:
            setattr(environment, field, value)
    if allowed_registries is not _KEEP:
        environment.allowed_registries = _registries(allowed_registries)
    _check_environment(environment)
    if changes := differences(before, _environment_seen(environment)):
        try:
            with transaction.atomic():
                environment.save()
        except IntegrityError:
            raise Invalid(
                "Not accepted: name.",
                errors={"name": "There is an environment with this name or slug already."},
            ) from None
        _record(environment, "changed", changes, by)
    return environment


@transaction.atomic
def delete_environment(*, environment: Environment, by: User | None = None) -> None:
    """Its enrolment tokens and trusted signers go with it. Raises Conflict saying what still uses it: nodes, assets that
    they left, people limited to it."""
    # Enrolment locks in this order too: the token, then the environment of the node that it makes.
    tokens = list(environment.enrolment_tokens.select_for_update().order_by("pk"))
    environment = Environment.objects.select_for_update().get(pk=environment.pk)
    uses = {
        "node": environment.nodes.count(),
        "asset": environment.assets.count(),
        "person": environment.users.count(),
    }
    used = [f"{count} {_plural(noun, count)}" for noun, count in uses.items() if count]
    if used:
        names = ", ".join(environment.nodes.order_by("name").values_list("name", flat=True)[:5])
        raise Conflict(
            f"“{environment.name}” is still used by {', '.join(used)}" + (f" ({names})." if names else "."),
            code="environment_in_use",
            hint="Move its nodes to another environment, and people's access with them, then delete it.",
        )
    seen, pk = _environment_seen(environment), environment.pk
    if tokens:
        seen["enrolment_tokens"] = [str(token) for token in tokens]
    if signers := [str(signer) for signer in environment.trusted_signers.order_by("name")]:
        seen["trusted_signers"] = signers
    environment.delete()
    record(
        verb="deleted",
        obj=pk,
        object_kind="environment",
        object_name=environment.name,
        changes=differences(seen, dict.fromkeys(seen)),
        actor=by,
    )


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else {"person": "people"}.get(noun, f"{noun}s")


def _ordered(data_classes: list[str]) -> list[str]:
    """Each once, in the declared order; unknown ones stay, for the check to refuse."""
    order = list(DataClass.values)
    return sorted(set(data_classes), key=lambda c: (order.index(c) if c in order else len(order), c))


def _registries(given: list[str] | None) -> list[str] | None:
    """Each once, sorted, without the slash at its end."""
    return None if given is None else sorted({entry.strip().rstrip("/") for entry in given})


def _registry_errors(entries: list[str]) -> list[str]:
    if len(entries) > MOST_REGISTRIES:
        return [f"At most {MOST_REGISTRIES} registries."]
    errors = []
    for entry in entries:
        host, slash, path = entry.partition("/")
        # As in an image's name, a host is told from a path by its dot or colon.
        is_host = _REGISTRY.fullmatch(host) and ("." in host or ":" in host or host == "localhost")
        if not is_host or (slash and not is_repository(path)):
            errors.append(
                f"“{entry[:80]}”: write a registry as images name it, as in docker.io/library or registry.example:5000."
            )
    return errors


def _environment_seen(environment: Environment) -> dict[str, Any]:
    return {field: getattr(environment, field) for field in _ENVIRONMENT_FIELDS}


def _check_environment(environment: Environment) -> None:
    if not math.isfinite(environment.line):  # the range check below lets "not a number" pass
        raise Invalid("Not accepted: line.", errors={"line": "The line is a number from 1 to 10,000."})
    if wrong := _registry_errors(environment.allowed_registries or []):
        raise Invalid("Not accepted: allowed_registries.", errors={"allowed_registries": wrong})
    try:
        environment.full_clean()
    except ValidationError as error:
        raise Invalid(
            f"Not accepted: {', '.join(error.message_dict)}.",
            title="Some values are not valid",
            errors=error.message_dict,
        ) from None
