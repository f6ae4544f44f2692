"""Tells the story to the database: every day through the writers of real pulls, reports, feeds and decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from posture.accounts.models import Team
from posture.base import upsert
from posture.base.problems import Conflict
from posture.collection.catalogue import sync
from posture.collection.demo import facts
from posture.collection.demo.story import (
    APPROVAL,
    DECISIONS,
    FLAWS,
    PACKAGES,
    PLACES,
    PROJECTS,
    Build,
    Flaw,
    Host,
    Story,
)
from posture.collection.feeds import weigh_again
from posture.collection.pipeline import judge_records
from posture.collection.report_writing import Subject
from posture.collection.report_writing import write as write_report
from posture.collection.writing import Writing
from posture.decisions import actions as decisions
from posture.decisions.deadline_actions import set_deadlines
from posture.decisions.models import OwnerRule
from posture.findings import tallies
from posture.fleet.models import Environment, Node
from posture.history.actions import record
from posture.trends import counting
from posture.vulnerabilities import advisories
from posture.vulnerabilities.models import KnownExploited, Vulnerability
from scanners.advisories.records import Exploited
from scanners.records import Severity
from scanners.reported import (
    FixStatus,
    Origin,
    ReportedImage,
    ReportedMatch,
    ReportedPackage,
    ReportedVulnerability,
)

FAR = timedelta(days=36_500)
Say = Callable[[str], None]


class Telling:
    """One telling of a story that ends now."""

    def __init__(self, story: Story, now: datetime, say: Say) -> None:
        self.story, self.now, self.say = story, now, say
        self.first = now - timedelta(days=story.days - 1)
        self.nodes: dict[int, Node] = {}
        self.told: dict[int, object] = {}  # host -> what its last pull said
        self.scanned: dict[Build, tuple[str, ...]] = {}
        self.seen: dict[Build, None] = {}
        self.exploited: tuple[str, ...] = ()
        self.pulls = self.reports = 0

    def at(self, day: int, hour: int = 0, minute: int = 0) -> datetime:
        """A moment of a day of the story; the last day is over by now."""
        moment = self.first + timedelta(days=day) - timedelta(hours=12 - hour) + timedelta(minutes=minute)
        return min(moment, self.now)

    def run(self) -> None:
        self._begin()
        for day in range(self.story.days):
            self._feeds(day)
            for host in self.story.hosts:
                self._pull(host, day)
            self._scan(day)
            self._decide(day)
            decisions.end_due(self.at(day, 11))
            if day % 30 == 29:
                self.say(f"day {day + 1} of {self.story.days}: {self.pulls} pulls, {self.reports} reports")
        tallies.recount()
        self._end()
        # Days may have been counted meanwhile, of which only the beginning of the story was told.
        counting.forget(self.first.astimezone(UTC).date())
        while counting.catch_up(self.now, most=50) > 0:
            pass

    def _begin(self) -> None:
        sync()
        for place in PLACES:
            environment = Environment.objects.create(
                slug=place.environment,
                name=f"{place.name} (demo)",
                description="Demo data",
                line=place.line,
                data_classes=list(place.data_classes),
            )
            if place.slug in ("production", "payments"):
                set_deadlines(environment=environment, deadlines=_DEADLINES, by=None)
        for name in sorted({project.team for project in PROJECTS}):
            team = Team.objects.create(name=name)
            for project in PROJECTS:
                if project.team == name:
                    OwnerRule.objects.create(repository=project.repository, team=team)
        record(
            verb="built",
            obj=None,
            object_kind="demo",
            object_name=f"{self.story.size} hosts, {self.story.days} days, seed {self.story.seed}",
        )

    def _node(self, host: Host, day: int) -> Node:
        if host.number not in self.nodes:
            self.nodes[host.number] = Node.objects.create(
                name=host.name,
                address=f"ssh://plimsoll@{host.name}.demo.invalid",
                environment=Environment.objects.get(slug=host.place.environment),
                reads_host=host.is_probed,
                is_demo=True,
                state="healthy",
                next_due_at=self.now + FAR,
                created_at=self.at(day),
            )
        return self.nodes[host.number]

    def _pull(self, host: Host, day: int) -> None:
        """Only where something is to be told: what an unchanged host says again changes nothing."""
        if self.story.is_blind(host, day):
            return
        running = self.story.running(host, day)
        if self.told.get(host.number) == running:
            return
        at = self.at(day, 2, host.number % 60)
        node = self._node(host, day)
        built_at = {one.build: self.at(self.story.built_on(one.build)) for one in running}
        pulled = facts.pulled(host, running, built_at, at)
        judge_records(pulled, node)
        with transaction.atomic():
            upsert.without_waiting_for_the_disk()
            writing = Writing(node, pulled, at=at)
            writing.store()
            writing.settle()
            writing.roll_up()
            if node.host_id != writing.host_id:
                node.host_id = writing.host_id
                node.engine = pulled.software()
                node.save(update_fields=["host", "engine"])
        self.told[host.number] = running
        self.seen.update(dict.fromkeys(one.build for one in running))
        self.pulls += 1

    def _scan(self, day: int) -> None:
        """Scanners look at new images, and again at those of which something became known."""
        for build in list(self.seen):
            if not self.story.is_scanned(build):
                continue
            found = self.story.flaws_of(build, day)
            said = tuple(flaw.key for flaw, _ in found)
            if self.scanned.get(build) == said:
                continue
            at = self.at(day, 6)
            write_report(self._subject(build, found, at), at, lambda asset_id: True, lambda: None)
            self.scanned[build] = said
            self.reports += 1

    def _subject(self, build: Build, found: Iterable[tuple[Flaw, str]], at: datetime) -> Subject:
        origin = Origin(format="Demo", tool="trivy", tool_version="0.67.0", created_at=at, data_at=at)
        subject = Subject(
            origin,
            ReportedImage(
                name=build.reference,
                digest=build.digest,
                references=(build.reference,),
                os_family="debian",
                os_version="12",
            ),
        )
        packages = {name: _package(name, version) for name, version in self.story.packages_of(build)}
        for package in packages.values():
            subject.add(package)
        for flaw, _ in found:
            subject.add(
                ReportedMatch(
                    vulnerability=ReportedVulnerability(
                        id=flaw.key, title=flaw.title, severities={"nvd": flaw.severity}
                    ),
                    package=packages[flaw.package],
                    severity=flaw.severity,
                    status=FixStatus.FIXED if flaw.fixed else FixStatus.AFFECTED,
                    fixed_versions=(flaw.fixed,) if flaw.fixed else (),
                    source="debian" if PACKAGES[flaw.package].ecosystem == "deb" else "ghsa",
                )
            )
        return subject

    def _feeds(self, day: int) -> None:
        listed = self.story.exploited(day)
        keys = tuple(flaw.key for flaw in listed)
        if keys == self.exploited:
            return
        at = self.at(day, 1)
        share = self.story.days / 100
        # What CISA lists beside it, where a real list was loaded, stays.
        others = KnownExploited.objects.exclude(name__in=[flaw.key for flaw in FLAWS])
        entries = [
            Exploited(
                vulnerability=row.name,
                title=row.title,
                added_on=row.added_on,
                due_on=row.due_on,
                is_used_by_ransomware=row.is_used_by_ransomware,
            )
            for row in others
        ]
        entries += [
            Exploited(
                vulnerability=flaw.key,
                title=flaw.title,
                added_on=self.at(int((flaw.exploited or 0) * share)).date(),
                due_on=self.at(int((flaw.exploited or 0) * share)).date() + timedelta(days=21),
                is_used_by_ransomware=flaw.key == "CVE-2021-44228",
            )
            for flaw in listed
        ]
        with transaction.atomic():
            weigh_again(advisories.store_exploited(entries), at)
        self.exploited = keys

    def _decide(self, day: int) -> None:
        if day == APPROVAL * self.story.days // 100:
            asking = [place.environment for place in PLACES if place.asks_for_approval]
            Environment.objects.filter(slug__in=asking).update(requires_approval=True)
        for one in DECISIONS:
            if day != one.day * self.story.days // 100:
                continue
            vulnerability = Vulnerability.objects.filter(key=one.flaw).first()
            if vulnerability is None:
                continue  # no image of so small a fleet has it
            at = self.at(day, 10)
            decisions.make(
                by=None,
                at=at,
                outcome=one.outcome,
                reason=one.reason,
                note=one.note,
                vulnerability=vulnerability,
                repository=one.repository,
                expires_at=at + timedelta(days=one.lasts) if one.lasts is not None else None,
            )

    def _end(self) -> None:
        """Lamps as they are at the end; whom nobody reaches is stale since then."""
        last = self.story.days - 1
        for host in self.story.hosts:
            node = self.nodes.get(host.number)
            if node is None:
                continue
            lost = self.story.is_blind(host, last)
            node.last_success_at = self.at(last - 4) if lost else self.now
            node.host_read_at = node.last_success_at if host.is_probed else None
            node.state = "failing" if lost else "healthy"
            node.consecutive_failures = 12 if lost else 0
            node.last_error = (
                {
                    "code": "unreachable",
                    "title": "The node cannot be reached",
                    "detail": "No route to host.",
                    "hint": "",
                    "at": self.now.isoformat(),
                }
                if lost
                else None
            )
        Node.objects.bulk_update(
            self.nodes.values(),
            ["last_success_at", "host_read_at", "state", "consecutive_failures", "last_error"],
            batch_size=1000,
        )


_DEADLINES = [
    {"severity": int(severity), "is_exposed": None, "is_exploited": exploited, "days": days, "starts": starts}
    for severity, exploited, days, starts in (
        (Severity.CRITICAL, True, 7, "exploited"),
        (Severity.CRITICAL, None, 30, "opened"),
        (Severity.HIGH, None, 60, "opened"),
        (Severity.MEDIUM, None, 120, "opened"),
    )
]


def _package(name: str, version: str) -> ReportedPackage:
    kind = PACKAGES[name]
    return ReportedPackage(
        ecosystem=kind.ecosystem,
        name=name,
        version=version,
        namespace=kind.namespace,
        architecture="amd64" if kind.ecosystem == "deb" else "",
        distribution=kind.distribution,
        source_name=kind.source,
        source_version=version if kind.source else "",
    )


def keep_alive(now: datetime) -> None:
    """Nodes of the demo that nothing is wrong with answer, though nobody asks them: the story does not go stale."""
    well = Node.objects.filter(is_demo=True, state="healthy")
    well.update(last_success_at=now)
    well.filter(reads_host=True).update(host_read_at=now)


def build(*, hosts: int, days: int, seed: int, say: Say) -> None:
    """Build the demo. Raises Conflict where there is one, or a real fleet."""
    if (
        Node.objects.filter(is_demo=True).exists()
        or Environment.objects.filter(slug__in=[place.environment for place in PLACES]).exists()
    ):
        raise Conflict("There is a demo fleet, or one of its environments, already.", hint="Remove it first.")
    Telling(Story(hosts=hosts, days=days, seed=seed), timezone.now(), say).run()
