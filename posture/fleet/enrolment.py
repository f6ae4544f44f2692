"""Enrolment tokens: with one, a host registers itself as a node. One function per verb, each with its history entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from posture.accounts.models import User
from posture.base import context
from posture.base.context import Actor
from posture.base.problems import Conflict, Invalid, NotAllowed, Problem
from posture.fleet.actions import create_node, label_errors
from posture.fleet.choices import EnrolmentState, NodeKind
from posture.fleet.models import EnrolmentToken, Environment, Node
from posture.history.actions import record
from scanners.records import Credential

SHORTEST_SECONDS = 300
LONGEST_SECONDS = 7 * 86_400
DEFAULT_SECONDS = 3600
START_SECONDS = 60  # that people have to start the agent before the first pull
MOST_OPEN = 1000  # in one environment

# What the host sends, by the field of a node that it becomes: `create_node` names fields as people fill them in.
_SENT_AS = {"credential.ca_certificate": "certificate", "credential.token": "bearer"}


@transaction.atomic
def create_token(
    *,
    environment: Environment,
    name: str,
    expires_in_seconds: int = DEFAULT_SECONDS,
    labels: Mapping[str, str] | None = None,
    by: User | None = None,
) -> tuple[EnrolmentToken, str]:
    """Returns the token and its text, which is shown once and never kept. Raises Invalid naming what is wrong."""
    errors: dict[str, str | list[str]] = {}
    if not (name := name.strip()):
        errors["name"] = "Say what the token is for."
    elif len(name) > 100 or not name.isprintable():
        errors["name"] = "At most 100 characters, all of them printable."
    if not SHORTEST_SECONDS <= expires_in_seconds <= LONGEST_SECONDS:
        errors["expires_in_seconds"] = f"From {SHORTEST_SECONDS} to {LONGEST_SECONDS} seconds."
    if wrong := label_errors(dict(labels or {})):
        errors["labels"] = wrong
    if errors:
        raise Invalid("This enrolment token cannot be created.", errors=errors)
    if environment.enrolment_tokens.in_states([EnrolmentState.OPEN]).count() >= MOST_OPEN:
        raise Conflict(
            f"An environment may have {MOST_OPEN} open enrolment tokens.",
            hint="Revoke some that are not needed.",
        )
    text, now = EnrolmentToken.new_text(), timezone.now()
    token = EnrolmentToken.objects.create(
        name=name,
        prefix=text[:12],
        digest=EnrolmentToken.digest_of(text),
        environment=environment,
        labels=dict(labels or {}),
        created_by=by,
        created_at=now,
        expires_at=now + timedelta(seconds=expires_in_seconds),
    )
    changes = {
        "prefix": [None, token.prefix],
        "environment": [None, environment.slug],
        "labels": [None, token.labels],
        "expires_at": [None, token.expires_at.isoformat()],
    }
    _record(token, "created", changes, by)
    return token, text


@transaction.atomic
def revoke_token(*, token: EnrolmentToken, by: User | None = None) -> EnrolmentToken:
    """It registers nobody from now on. Raises Conflict when it already has."""
    token = _locked().get(pk=token.pk)
    if token.state == EnrolmentState.USED:
        raise Conflict(
            "A host has used this enrolment token already.",
            code="enrolment_used",
            hint="If that host should not be a node, delete the node.",
        )
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        _record(token, "revoked", {"revoked_at": [None, token.revoked_at.isoformat()]}, by)
    return token


def claim(text: str) -> EnrolmentToken:
    """The token with this text, held until the transaction ends: of two who use it at once the second waits, and then
    finds it used. Raises NotAllowed when there is none. Looking for its hash tells nobody how much of a guess is right.
    """
    token = _locked().filter(digest=EnrolmentToken.digest_of(text)).first()
    if token is None:
        raise NotAllowed(
            "This enrolment token is not known.", code="enrolment_unknown", hint="Was it copied whole?"
        )
    return token


def refusal(token: EnrolmentToken) -> Problem | None:
    """Why this token registers nobody; None when it does."""
    if token.state == EnrolmentState.USED:
        return Conflict(
            "This enrolment token was used already.",
            code="enrolment_used",
            hint="Each host needs one of its own. If no host of yours used it, somebody else did: see the history.",
        )
    if token.state == EnrolmentState.REVOKED:
        return Problem("This enrolment token was revoked.", code="enrolment_revoked", status=410)
    if token.state == EnrolmentState.EXPIRED:
        return Problem("This enrolment token has expired.", code="enrolment_expired", status=410)
    if token.created_by is not None and not token.created_by.may("nodes.change"):
        return Problem(
            "Whoever made this enrolment token may no longer register nodes.",
            code="enrolment_revoked",
            status=410,
        )
    return None


def register(
    *,
    token: EnrolmentToken,
    name: str,
    address: str,
    certificate: str,
    bearer: str,
    host: str | None,
    probe_version: str,
) -> Node:
    """Makes the node and spends the token, which `claim` gave and nothing refuses. Raises Invalid naming each field
    that is not acceptable, in words for a terminal, where nothing but `detail` may be shown."""
    _check_sent(address, certificate, bearer)
    sender = Actor("token", token.created_by_id, f"enrolment token “{token.name}”")
    with context.entered(replace(context.current(), actor=sender)):
        try:
            node = create_node(
                name=name,
                kind=NodeKind.PROBE,
                address=address,
                environment=token.environment,
                credential=Credential(ca_certificate=certificate, token=bearer),
                labels=token.labels,
            )
        except Invalid as error:
            wrong = [(_SENT_AS.get(e["field"], e["field"]), e["message"]) for e in error.errors]
            raise _spoken(wrong) from None
        # The agent is started after its host was enrolled: a pull at once would find nobody, and say that it fails.
        node.next_due_at = timezone.now() + timedelta(seconds=START_SECONDS)
        node.save(update_fields=["next_due_at"])
        token.used_at, token.node = timezone.now(), node
        token.save(update_fields=["used_at", "node"])
        changes = {
            "used_at": [None, token.used_at.isoformat()],
            "node": [None, node.name],
            "host": [None, host],
            "probe_version": [None, probe_version],
        }
        _record(token, "used", changes, None)
    return node


def record_refusal(token: EnrolmentToken, reason: Problem) -> None:
    """That somebody tried a token that is not open: it may have leaked."""
    _record(token, "enrolment_refused", {"reason": [None, reason.code]}, None)


def _check_sent(address: str, certificate: str, bearer: str) -> None:
    # A node may do without one of these or be elsewhere; an agent may not.
    errors = []
    if not address.strip().startswith("https://"):
        errors.append(("address", "An agent is at https://host:7443."))
    if not certificate.strip():
        errors.append(("certificate", "The agent's certificate is missing."))
    if not bearer.strip():
        errors.append(("bearer", "The agent's bearer token is missing."))
    if errors:
        raise _spoken(errors)


def _spoken(errors: list[tuple[str, str]]) -> Invalid:
    return Invalid(
        " ".join(f"{field.capitalize()}: {message}" for field, message in errors),
        title="Some values are not valid",
        errors=[{"field": field, "message": message} for field, message in errors],
    )


def _locked() -> Any:
    # Of the token only: its environment and its maker are shared by many.
    return EnrolmentToken.objects.select_for_update(of=("self",)).select_related("environment", "created_by")


def _record(token: EnrolmentToken, verb: str, changes: Mapping[str, Any], by: User | None) -> None:
    record(
        verb=verb,
        obj=token,
        object_kind="enrolment_token",
        object_name=token.name,
        changes=changes,
        actor=by,
    )
