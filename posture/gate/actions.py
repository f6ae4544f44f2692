"""Policies of the gate, and its answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from posture.accounts.models import User
from posture.fleet.models import Environment
from posture.gate.decide import Facts, Reason, Rules
from posture.gate.models import GateDecision, GatePolicy
from posture.history.actions import differences, record
from scanners.records import Severity

FIELDS = tuple(Rules.__struct_fields__)


def rules_for(environment: Environment | None) -> Rules:
    """What holds for an environment: its own policy, else that for every one, else the rules' defaults."""
    policies = GatePolicy.objects.filter(environment__isnull=True)
    if environment is not None:
        policies = policies | GatePolicy.objects.filter(environment=environment)
    # The one with an environment is the closer one.
    policy = policies.order_by("environment").first()
    return Rules() if policy is None else rules_of({name: getattr(policy, name) for name in FIELDS})


def rules_of(fields: dict[str, Any]) -> Rules:
    severity = fields.get("refuse_severity")
    return Rules(**{**fields, "refuse_severity": None if severity is None else Severity(severity)})


def plain(rules: Rules) -> dict[str, Any]:
    """As the API shows it."""
    shown = msgspec.structs.asdict(rules)
    return shown | {"refuse_severity": None if rules.refuse_severity is None else rules.refuse_severity.label}


def set_policy(*, environment: Environment | None, by: User | None, **fields: Any) -> GatePolicy:
    """Set the policy of an environment, or of every one; what is not named stays as it is."""
    with transaction.atomic():
        policy = GatePolicy.objects.select_for_update().filter(environment=environment).first()
        policy = policy or GatePolicy(environment=environment)
        before = {name: getattr(policy, name) for name in fields}
        is_new = policy.pk is None
        for name, value in fields.items():
            setattr(policy, name, value)
        policy.save()
        changes = differences({} if is_new else before, fields)
        if changes or is_new:
            record(
                verb="create" if is_new else "change",
                obj=policy,
                object_kind="gate policy",
                object_name=str(policy),
                changes=changes,
                actor=by,
            )
    return policy


def remove_policy(*, policy: GatePolicy, by: User | None) -> None:
    with transaction.atomic():
        pk = policy.pk
        policy.delete()
        record(verb="delete", obj=pk, object_kind="gate policy", object_name=str(policy), actor=by)


def keep(
    *,
    environment: Environment | None,
    image_id: int | None,
    facts: Facts,
    rules: Rules,
    reasons: Iterable[Reason],
    by: User | None,
    at: datetime,
) -> GateDecision:
    """Keep an answer of the gate, for those who ask later why something was or was not deployed."""
    told = [msgspec.to_builtins(reason) for reason in reasons]
    return GateDecision.objects.create(
        environment=environment,
        image_id=image_id,
        image_name=facts.name[:300],
        digest=facts.digest[:100],
        is_allowed=not told,
        reasons=told,
        policy=plain(rules),
        asked_by=by,
        asked_at=at,
    )
