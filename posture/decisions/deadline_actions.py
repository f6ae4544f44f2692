"""What people do to deadlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from posture.accounts.models import User
from posture.base.problems import Invalid
from posture.decisions import deadlines as due
from posture.decisions.models import Deadline
from posture.findings import settle as findings
from posture.findings.models import Finding
from posture.fleet import membership
from posture.fleet.models import Asset, Environment
from posture.history.actions import record
from scanners.records import Severity

MOST = 60  # of one environment


@transaction.atomic
def set_deadlines(
    *, environment: Environment, deadlines: Sequence[Mapping[str, Any]], by: User | None
) -> None:
    """Replace an environment's deadlines; what is open there is due by the new ones. Raises Invalid where two say
    something of the same case."""
    cases = [(one["severity"], one["is_exposed"], one["is_exploited"], one["starts"]) for one in deadlines]
    if len(cases) > MOST:
        raise Invalid(f"At most {MOST} deadlines.", errors={"deadlines": f"Give at most {MOST}."})
    if len(set(cases)) < len(cases):
        raise Invalid(
            "Two deadlines are about the same case.",
            errors={"deadlines": "Give each severity, exposure, threat and start once."},
        )
    # The row is held, so that of two who change them at once the later one holds.
    Environment.objects.select_for_update(of=("self",)).get(pk=environment.pk)
    before = [_plain(row) for row in Deadline.objects.filter(environment=environment)]
    Deadline.objects.filter(environment=environment).delete()
    Deadline.objects.bulk_create([Deadline(environment=environment, **one) for one in deadlines])
    after = [_plain(row) for row in Deadline.objects.filter(environment=environment)]
    if before == after:
        return
    own = Asset.objects.present().filter(environment=environment).values_list("pk", flat=True)
    there = {*own, *membership.images_in_environments([environment.pk])}
    if Deadline.objects.exists():
        due.review(there)
    else:
        open_ = Finding.objects.open().filter(asset__in=there, due_at__isnull=False)
        findings.set_due([(pk, None) for pk in open_.values_list("pk", flat=True)])
    record(
        verb="changed",
        obj=environment,
        object_kind="environment",
        object_name=environment.name,
        changes={"deadlines": [before, after]},
        actor=by,
    )


def _plain(row: Deadline) -> dict[str, Any]:
    return {
        "severity": Severity(row.severity).label,
        "exposed": row.is_exposed,
        "exploited": row.is_exploited,
        "days": row.days,
        "starts": row.starts,
    }
