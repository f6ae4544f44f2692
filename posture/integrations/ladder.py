"""The ladder of reminders: as a finding comes near its due date and passes it, its owner, the owner's team and the team's
manager are told, each of them once.

It is walked once a day. Each person gets one message, whatever has come to them, and each webhook that wants it one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from posture.accounts.models import Team, User
from posture.findings.models import Finding
from posture.fleet.querysets import within
from posture.integrations import outbox
from posture.integrations.choices import Cause, Rung
from posture.integrations.models import Ladder, Reminder, Webhook
from posture.integrations.wording import SHOWN, data_of, first_of, line_of, link, plural
from scanners.records import Record

# Of what is on the worklist and due early enough: the highest rung that it has reached, where that is news.
_CLIMB = """
WITH reached AS (
    SELECT f.id, f.due_at, {level} AS rung FROM findings_finding f
    WHERE f.closed_at IS NULL AND f.decided IS NULL AND f.due_at IS NOT NULL AND f.due_at <= %(first)s
)
INSERT INTO integrations_reminder AS kept (finding_id, due_at, before, rung, at, is_told)
SELECT reached.id, reached.due_at, 0, reached.rung, %(at)s, false
FROM reached LEFT JOIN integrations_reminder r ON r.finding_id = reached.id
WHERE r.id IS NULL OR r.due_at <> reached.due_at OR r.rung < reached.rung
ON CONFLICT (finding_id) DO UPDATE SET
    before = CASE WHEN kept.due_at = excluded.due_at THEN kept.rung ELSE 0 END,
    due_at = excluded.due_at, rung = excluded.rung, at = excluded.at, is_told = false
"""
_WHOSE = {Rung.MANAGER: "Of teams that you manage", Rung.TEAM: "Of your team", Rung.OWNER: "Yours"}
_OF_A_WEBHOOK = {Rung.MANAGER: "For managers", Rung.TEAM: "For teams", Rung.OWNER: "For owners"}


class Section(Record, frozen=True, kw_only=True):
    """What one message tells of one rung."""

    rung: Rung
    title: str
    findings: QuerySet[Finding]
    total: int
    link: str


def next_walk(ladder: Ladder) -> datetime | None:
    """When it is walked next; None while it is off."""
    if not ladder.is_enabled or ladder.walked_at is None:
        return None
    return first_after(ladder.walked_at, ladder.hour)


def first_after(moment: datetime, hour: int) -> datetime:
    """The first full hour of this number after a moment, in UTC."""
    then = moment.replace(hour=hour, minute=0, second=0, microsecond=0)
    return then if then > moment else then + timedelta(days=1)


@transaction.atomic
def walk(at: datetime) -> None:
    """Tell of every finding that reached a rung since the last time; does nothing before it is time."""
    ladder = Ladder.objects.select_for_update().filter(pk=1, is_enabled=True).first()
    if ladder is None:
        return
    due = next_walk(ladder)
    if due is None or due > at:
        return
    _climb(ladder, at)
    reached = Finding.objects.filter(reminder__at=at)
    told = sum(_tell_person(person, ladder, at) for person in _people(at))
    wanting = Webhook.objects.filter(is_enabled=True, causes__contains=[Cause.REMINDER.value])
    for webhook in wanting.select_related("environment"):
        _tell_webhook(webhook, ladder, at)
    ladder.walked_at, ladder.told = at, told
    ladder.reached = reached.count()
    ladder.untold = reached.filter(reminder__is_told=False).count()
    ladder.save(update_fields=["walked_at", "reached", "told", "untold"])


def _climb(ladder: Ladder, at: datetime) -> None:
    rungs = ladder.rungs
    if not rungs:
        return
    ordered = sorted(rungs.items(), key=lambda pair: pair[0], reverse=True)
    cases = " ".join(f"WHEN f.due_at <= %(rung_{rung.value})s THEN {rung.value}" for rung, _ in ordered)
    moments = {f"rung_{rung.value}": at - timedelta(days=days) for rung, days in ordered}
    with connection.cursor() as cursor:
        cursor.execute(
            _CLIMB.format(level=f"CASE {cases} END"), {**moments, "at": at, "first": max(moments.values())}
        )


def _people(at: datetime) -> QuerySet[User]:
    """Everybody who may have to be told: whoever was given such a finding, or has to do with a team."""
    owners = Finding.objects.filter(reminder__at=at, assignee__isnull=False).values("assignee")
    return (
        User.objects.filter(is_active=True)
        .filter(Q(pk__in=owners) | Q(teams__isnull=False) | Q(managed_teams__isnull=False))
        .distinct()
        .order_by("pk")
    )


def _of_teams(teams: QuerySet[Team]) -> Q:
    """What belongs to these teams: by itself, or because it was given to one of their members alone."""
    return Q(team__in=teams) | Q(team__isnull=True, assignee__in=User.objects.filter(teams__in=teams))


def _news(findings: QuerySet[Finding], rung: Rung, at: datetime) -> QuerySet[Finding]:
    return findings.filter(reminder__at=at, reminder__before__lt=rung, reminder__rung__gte=rung)


def _tell_person(person: User, ladder: Ladder, at: datetime) -> bool:
    """Whether there was something to tell."""
    visible = Finding.objects.visible_to(person)
    teams = Team.objects.filter(members=person)
    managed = Team.objects.filter(manager=person)
    whose = {
        Rung.MANAGER: (_of_teams(managed), _owners(managed)),
        Rung.TEAM: (_of_teams(teams), _owners(teams)),
        Rung.OWNER: (Q(assignee=person) | Q(assignee__isnull=True, team__in=teams), "me"),
    }
    sections: list[Section] = []
    for rung in sorted(ladder.rungs, reverse=True):
        condition, owners = whose[rung]
        findings = _news(visible.filter(condition), rung, at)
        for above in sections:  # each finding once, where it weighs most
            findings = findings.exclude(pk__in=above.findings.values("pk"))
        if total := findings.count():
            sections.append(
                Section(
                    rung=rung,
                    title=_WHOSE[rung],
                    findings=findings,
                    total=total,
                    link=link("/findings", **({"owner": owners} if owners else {}), ordering="due_at"),
                )
            )
    if sections:
        for section in sections:
            Reminder.objects.filter(finding__in=section.findings.values("pk")).update(is_told=True)
        subject, text = _worded(sections, at)
        outbox.put(
            cause=Cause.REMINDER, subject=subject, text=text, data=_data(sections), at=at, person=person
        )
    return bool(sections)


def _owners(teams: QuerySet[Team]) -> str:
    """The owners of the list that a link opens."""
    return ",".join(f"team:{name}" for name in teams.values_list("name", flat=True))


def _tell_webhook(webhook: Webhook, ladder: Ladder, at: datetime) -> None:
    findings = Finding.objects.all()
    place: dict[str, str] = {}
    if webhook.environment is not None:
        findings = findings.filter(within([webhook.environment.pk], "asset__"))
        place = {"environment": str(webhook.environment.pk)}
    sections = []
    for rung in sorted(ladder.rungs, reverse=True):
        # Of what reached several rungs at once, the highest is told.
        news = findings.filter(reminder__at=at, reminder__rung=rung)
        if total := news.count():
            sections.append(
                Section(
                    rung=rung,
                    title=_OF_A_WEBHOOK[rung],
                    findings=news,
                    total=total,
                    link=link("/findings", **place, ordering="due_at"),
                )
            )
    if not sections:
        return
    subject, text = _worded(sections, at)
    untold = findings.filter(reminder__at=at, reminder__is_told=False).count()
    if untold:
        text += (
            f"\n{plural(untold, 'of them was', 'of them were')} told to nobody: without an owner, or of a team without "
            "members or manager.\n"
        )
    outbox.put(
        cause=Cause.REMINDER,
        subject=subject,
        text=text,
        data={**_data(sections), "untold": untold},
        at=at,
        webhook=webhook,
    )


def _worded(sections: list[Section], at: datetime) -> tuple[str, str]:
    """The subject, and the text: each section with its first findings, how many more there are, and where."""
    return _subject(sections, at), "\n".join(_paragraphs(sections, at))


def _subject(sections: list[Section], at: datetime) -> str:
    overdue = sum(section.findings.filter(due_at__lte=at).count() for section in sections)
    soon = sum(section.total for section in sections) - overdue
    said = [
        *([plural(overdue, "finding is overdue", "findings are overdue")] if overdue else []),
        *([plural(soon, "finding is due soon", "findings are due soon")] if soon else []),
    ]
    return ", ".join(said)


def _paragraphs(sections: list[Section], at: datetime) -> Iterator[str]:
    for section in sections:
        yield f"{section.title}: {plural(section.total, 'finding', 'findings')}"
        yield from (line_of(finding, at) for finding in first_of(section.findings))
        if section.total > SHOWN:
            yield f"- and {section.total - SHOWN:,} more"
        yield f"{section.link}\n"


def _data(sections: list[Section]) -> dict[str, object]:
    return {
        "rungs": [
            {
                "rung": section.rung.name.lower(),
                "total": section.total,
                "findings": [data_of(finding) for finding in first_of(section.findings)],
                "url": section.link,
            }
            for section in sections
        ]
    }
