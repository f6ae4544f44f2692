"""What happens in the demo fleet, day by day. Pure: the same arguments tell the same story.

Names of vulnerabilities, packages and fixed versions are those of real advisories; on which day this fleet learned of them is
made up. Day 0 is the first, the last one is today.
"""

from __future__ import annotations

import hashlib
from functools import cached_property

from scanners.records import Record, Severity


def pick(count: int, *seeds: object) -> int:
    """An even choice from 0 to `count` - 1 that depends on nothing but the seeds."""
    digest = hashlib.blake2b(repr(seeds).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


class Place(Record, frozen=True, kw_only=True):
    slug: str
    name: str
    line: float
    share: int  # of the fleet's hosts, in hundredths
    data_classes: tuple[str, ...] = ()
    asks_for_approval: bool = False  # of decisions, from `APPROVAL` on

    @property
    def environment(self) -> str:
        """The slug of its environment, which no real one has."""
        return f"demo-{self.slug}"


PLACES = (
    Place(slug="production", name="Production", line=210.0, share=40),
    Place(
        slug="payments", name="Payments", line=180.0, share=15, data_classes=("cardholder", "personal"),
        asks_for_approval=True,
    ),
    Place(slug="staging", name="Staging", line=240.0, share=25),
    Place(slug="development", name="Development", line=280.0, share=20),
)  # fmt: skip


class Project(Record, frozen=True, kw_only=True):
    """A container project: an image repository, rebuilt every so many days, with these packages."""

    name: str
    repository: str
    team: str
    packages: tuple[str, ...]
    rebuilt_every: int
    port: int | None = None
    places: tuple[str, ...] = ("production", "staging", "development")
    habits: tuple[str, ...] = ()  # of its containers: privileged, socket, root, host-network


_DEBIAN = ("libc6", "libssl3", "zlib1g", "libexpat1", "libxml2", "libkrb5-3", "curl")
PROJECTS = (
    Project(
        name="shop-web", repository="registry.example/shop/web", team="Shop", rebuilt_every=21, port=443,
        packages=(*_DEBIAN, "express", "lodash"),
    ),
    Project(
        name="shop-search", repository="registry.example/shop/search", team="Shop", rebuilt_every=60, port=9200,
        packages=(*_DEBIAN, "log4j-core", "spring-beans"), habits=("root",),
    ),
    Project(
        name="payments-api", repository="registry.example/payments/api", team="Payments", rebuilt_every=14, port=8443,
        packages=(*_DEBIAN, "golang.org/x/crypto", "golang.org/x/net", "stdlib"), places=("payments", "staging"),
    ),
    Project(
        name="ledger", repository="registry.example/payments/ledger", team="Payments", rebuilt_every=30,
        packages=(*_DEBIAN, "spring-beans"), places=("payments", "staging"),
    ),
    Project(
        name="data-pipeline", repository="registry.example/data/pipeline", team="Data", rebuilt_every=45,
        packages=(*_DEBIAN, "requests", "setuptools", "flask"), habits=("root",),
    ),
    Project(
        name="monitoring", repository="registry.example/platform/agent", team="Platform", rebuilt_every=35,
        packages=("libc6", "libssl3", "golang.org/x/net", "stdlib"), habits=("host-network", "sensitive-mounts"),
        places=("production", "payments", "staging", "development"),
    ),
    Project(
        name="ci-runner", repository="registry.example/platform/runner", team="Platform", rebuilt_every=90,
        packages=(*_DEBIAN, "setuptools"), places=("development",), habits=("socket", "root"), port=8080,
    ),
)  # fmt: skip


class Kind(Record, frozen=True, kw_only=True):
    """Of a package: its ecosystem and the versions that it had, in their order."""

    ecosystem: str
    namespace: str = ""
    distribution: str = ""
    source: str = ""
    versions: tuple[str, ...]


PACKAGES = {
    "libc6": Kind(ecosystem="deb", namespace="debian", distribution="debian:12", source="glibc",
                  versions=("2.36-9+deb12u4", "2.36-9+deb12u7", "2.36-9+deb12u10")),
    "libssl3": Kind(ecosystem="deb", namespace="debian", distribution="debian:12", source="openssl",
                    versions=("3.0.11-1~deb12u2", "3.0.14-1~deb12u2", "3.0.17-1~deb12u2")),
    "zlib1g": Kind(ecosystem="deb", namespace="debian", distribution="debian:12", source="zlib",
                   versions=("1:1.2.13.dfsg-1",)),
    "libexpat1": Kind(ecosystem="deb", namespace="debian", distribution="debian:12", source="expat",
                      versions=("2.5.0-1", "2.5.0-1+deb12u1")),
    "libxml2": Kind(ecosystem="deb", namespace="debian", distribution="debian:12",
                    versions=("2.9.14+dfsg-1.3~deb12u1", "2.9.14+dfsg-1.3~deb12u2")),
    "libkrb5-3": Kind(ecosystem="deb", namespace="debian", distribution="debian:12", source="krb5",
                      versions=("1.20.1-2+deb12u1", "1.20.1-2+deb12u2")),
    "curl": Kind(ecosystem="deb", namespace="debian", distribution="debian:12",
                 versions=("7.88.1-10+deb12u3", "7.88.1-10+deb12u4", "7.88.1-10+deb12u12")),
    "log4j-core": Kind(ecosystem="maven", namespace="org.apache.logging.log4j", versions=("2.14.1", "2.17.1")),
    "spring-beans": Kind(ecosystem="maven", namespace="org.springframework", versions=("5.3.17", "5.3.18")),
    "golang.org/x/net": Kind(ecosystem="golang", versions=("v0.15.0", "v0.17.0", "v0.33.0")),
    "golang.org/x/crypto": Kind(ecosystem="golang", versions=("v0.17.0", "v0.31.0")),
    "stdlib": Kind(ecosystem="golang", versions=("v1.21.8", "v1.21.11", "v1.22.7")),
    "requests": Kind(ecosystem="pypi", versions=("2.28.2", "2.31.0", "2.32.3")),
    "setuptools": Kind(ecosystem="pypi", versions=("65.5.0", "65.5.1", "70.0.0")),
    "flask": Kind(ecosystem="pypi", versions=("2.2.3", "2.3.2")),
    "express": Kind(ecosystem="npm", versions=("4.18.2", "4.19.2")),
    "lodash": Kind(ecosystem="npm", versions=("4.17.20", "4.17.21")),
}  # fmt: skip


class Flaw(Record, frozen=True, kw_only=True):
    """A vulnerability: of versions of the package before `fixed` (None: not fixed yet). `known` and `exploited` are the
    days, in hundredths of the story, on which this fleet's scanners and CISA's list know of it."""

    key: str
    package: str
    fixed: str | None
    severity: Severity
    known: int
    title: str
    exploited: int | None = None


FLAWS = (
    Flaw(key="CVE-2021-44228", package="log4j-core", fixed="2.17.1", severity=Severity.CRITICAL, known=0, exploited=0,
         title="Looking up names in log messages runs code of whoever wrote them"),
    Flaw(key="CVE-2022-22965", package="spring-beans", fixed="5.3.18", severity=Severity.CRITICAL, known=0, exploited=55,
         title="Request parameters reach the class loader"),
    Flaw(key="CVE-2023-38545", package="curl", fixed="7.88.1-10+deb12u4", severity=Severity.CRITICAL, known=10,
         title="A long host name overflows a buffer behind a SOCKS5 proxy"),
    Flaw(key="CVE-2023-44487", package="golang.org/x/net", fixed="v0.17.0", severity=Severity.HIGH, known=15, exploited=20,
         title="Streams that are opened and reset at once exhaust the server"),
    Flaw(key="CVE-2023-45853", package="zlib1g", fixed=None, severity=Severity.CRITICAL, known=5,
         title="A long file name overflows a heap buffer of MiniZip"),
    Flaw(key="CVE-2024-2961", package="libc6", fixed="2.36-9+deb12u7", severity=Severity.HIGH, known=35, exploited=80,
         title="Converting to ISO-2022-CN-EXT writes past the buffer"),
    Flaw(key="CVE-2024-6119", package="libssl3", fixed="3.0.14-1~deb12u2", severity=Severity.HIGH, known=60,
         title="Checking the name of a certificate reads an invalid address"),
    Flaw(key="CVE-2024-45491", package="libexpat1", fixed="2.5.0-1+deb12u1", severity=Severity.CRITICAL, known=62,
         title="An integer overflows while attributes are stored"),
    Flaw(key="CVE-2024-37371", package="libkrb5-3", fixed="1.20.1-2+deb12u2", severity=Severity.CRITICAL, known=50,
         title="A message token of the wrong length is read past its end"),
    Flaw(key="CVE-2024-56171", package="libxml2", fixed="2.9.14+dfsg-1.3~deb12u2", severity=Severity.HIGH, known=85,
         title="Freed memory is used while a schema is checked"),
    Flaw(key="CVE-2024-45337", package="golang.org/x/crypto", fixed="v0.31.0", severity=Severity.CRITICAL, known=78,
         title="A wrongly used callback lets another SSH key in"),
    Flaw(key="CVE-2024-24790", package="stdlib", fixed="v1.21.11", severity=Severity.CRITICAL, known=45,
         title="IPv4 addresses written as IPv6 are taken for others"),
    Flaw(key="CVE-2024-34156", package="stdlib", fixed="v1.22.7", severity=Severity.HIGH, known=65,
         title="Decoding deeply nested values exhausts the stack"),
    Flaw(key="CVE-2023-32681", package="requests", fixed="2.31.0", severity=Severity.MEDIUM, known=8,
         title="Proxy credentials are sent on to the destination"),
    Flaw(key="CVE-2024-35195", package="requests", fixed="2.32.3", severity=Severity.MEDIUM, known=44,
         title="A session goes on without checking certificates"),
    Flaw(key="CVE-2022-40897", package="setuptools", fixed="65.5.1", severity=Severity.MEDIUM, known=0,
         title="A crafted page makes a regular expression run for very long"),
    Flaw(key="CVE-2024-6345", package="setuptools", fixed="70.0.0", severity=Severity.HIGH, known=58,
         title="A crafted download address runs code"),
    Flaw(key="CVE-2023-30861", package="flask", fixed="2.3.2", severity=Severity.HIGH, known=12,
         title="A proxy may give one person's session to another"),
    Flaw(key="CVE-2024-29041", package="express", fixed="4.19.2", severity=Severity.MEDIUM, known=38,
         title="A malformed address leads to another site"),
    Flaw(key="CVE-2021-23337", package="lodash", fixed="4.17.21", severity=Severity.HIGH, known=0,
         title="A template runs commands"),
)  # fmt: skip


class Build(Record, frozen=True, kw_only=True):
    """An image of a project as it was built."""

    project: str
    number: int

    @property
    def reference(self) -> str:
        return f"{BY_NAME[self.project].repository}:1.{self.number}"

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(f"demo {self.reference}".encode()).hexdigest()


class Running(Record, frozen=True, kw_only=True):
    """A container on a host, on one day."""

    name: str
    build: Build
    habits: frozenset[str]


class Host(Record, frozen=True, kw_only=True):
    number: int
    name: str
    place: Place
    is_probed: bool
    is_old: bool  # kernel and engine of last year
    projects: tuple[Project, ...]


BY_NAME = {project.name: project for project in PROJECTS}


class Story:
    """`hosts` machines over `days` days."""

    def __init__(self, *, hosts: int, days: int, seed: int) -> None:
        self.days, self.seed, self.size = days, seed, hosts

    @cached_property
    def hosts(self) -> list[Host]:
        return [self._host(number) for number in range(self.size)]

    def _host(self, number: int) -> Host:
        mark = pick(100, self.seed, "place", number) if self.size >= len(PLACES) * 3 else 25 * number % 100
        shares = [sum(place.share for place in PLACES[: index + 1]) for index in range(len(PLACES))]
        place = next(place for place, upper in zip(PLACES, shares, strict=True) if mark < upper)
        offered = [project for project in PROJECTS if place.slug in project.places]
        first = pick(len(offered), self.seed, "projects", number)
        chosen = [offered[(first + step) % len(offered)] for step in range(min(3, len(offered)))]
        if not any(project.name == "monitoring" for project in chosen) and place.slug != "development":
            chosen[-1] = BY_NAME["monitoring"]
        return Host(
            number=number,
            name=f"{place.slug[:4]}-{chosen[0].name.partition('-')[0]}-{number:04d}",
            place=place,
            is_probed=pick(100, self.seed, "probe", number) < 85,
            is_old=pick(100, self.seed, "old", number) < 20,
            projects=tuple(chosen),
        )

    def built(self, project: Project, day: int) -> Build:
        """The newest image of a project on a day. Projects are not all rebuilt on one day."""
        offset = pick(project.rebuilt_every, self.seed, "rebuilt", project.name)
        return Build(project=project.name, number=(day + offset) // project.rebuilt_every)

    def built_on(self, build: Build) -> int:
        project = BY_NAME[build.project]
        offset = pick(project.rebuilt_every, self.seed, "rebuilt", project.name)
        return max(build.number * project.rebuilt_every - offset, 0)

    def packages_of(self, build: Build) -> list[tuple[str, str]]:
        """Name and version of each: a rebuild takes the version of its day."""
        share = 100 * self.built_on(build) // max(self.days, 1)
        held = []
        for name in BY_NAME[build.project].packages:
            versions = PACKAGES[name].versions
            fixes = sorted(
                (flaw.known + 6 + pick(8, self.seed, "fix", flaw.key), flaw.fixed)
                for flaw in FLAWS
                if flaw.package == name and flaw.fixed is not None
            )
            place = max((versions.index(fixed) for day, fixed in fixes if day <= share and fixed), default=0)
            # Some projects pin what they once took.
            if pick(10, self.seed, "pinned", build.project, name) == 0:
                place = 0
            held.append((name, versions[place]))
        return held

    def flaws_of(self, build: Build, day: int) -> list[tuple[Flaw, str]]:
        """What a scanner finds in an image on a day, with the version that has it."""
        share = 100 * day // max(self.days, 1)
        found = []
        for name, version in self.packages_of(build):
            versions = PACKAGES[name].versions
            for flaw in FLAWS:
                if (
                    flaw.package == name
                    and flaw.known <= share
                    and (flaw.fixed is None or versions.index(version) < versions.index(flaw.fixed))
                ):
                    found.append((flaw, version))
        return found

    def exploited(self, day: int) -> list[Flaw]:
        share = 100 * day // max(self.days, 1)
        return [flaw for flaw in FLAWS if flaw.exploited is not None and flaw.exploited <= share]

    def running(self, host: Host, day: int) -> list[Running]:
        found = []
        for project in host.projects:
            # A new build reaches development at once, staging a few days later, the others after a week.
            behind = {"development": 0, "staging": 2}.get(host.place.slug, 7)
            build = self.built(project, max(day - behind - pick(3, self.seed, "behind", host.number), 0))
            copies = 2 if project.port is not None else 1
            habits = set(project.habits) | self.drift(host, project, day)
            found += [
                Running(name=f"{project.name}-{copy + 1}", build=build, habits=frozenset(habits))
                for copy in range(copies)
            ]
        return found

    def drift(self, host: Host, project: Project, day: int) -> set[str]:
        """What somebody changed by hand, for some weeks."""
        period = (day + pick(40, self.seed, "drift", host.number)) // 40
        what = pick(60, self.seed, "drift", host.number, project.name, period)
        return {0: {"privileged"}, 1: {"sensitive-mounts"}, 2: {"root"}, 3: {"no-seccomp"}}.get(what, set())

    def is_blind(self, host: Host, day: int) -> bool:
        """The node cannot be reached: what changes meanwhile is seen afterwards."""
        begin = pick(self.days * 4 + 1, self.seed, "blind", host.number)
        return begin <= day < begin + 9 or (
            pick(50, self.seed, "lost", host.number) == 0 and day >= self.days - 4 and self.size >= 20
        )

    def is_scanned(self, build: Build) -> bool:
        """A few images no scanner ever looks at."""
        return pick(40, self.seed, "never scanned", build.project, build.number) != 0


# From which day on, in hundredths, somebody wants a second person for decisions about card data.
APPROVAL = 80


class Decided(Record, frozen=True, kw_only=True):
    """A decision of the story, on a day in hundredths of it."""

    day: int
    flaw: str
    outcome: str
    reason: str
    note: str
    repository: str = ""
    lasts: int | None = None  # days


DECISIONS = (
    Decided(day=20, flaw="CVE-2022-22965", outcome="accepted", reason="fix_planned", repository="registry.example/shop/search",
            note="The search cluster is replaced in the next quarter; its port is open inside only."),
    Decided(day=30, flaw="CVE-2023-45853", outcome="not_affected", reason="vulnerable_code_not_in_execute_path",
            note="MiniZip is not built into Debian's package of zlib."),
    Decided(day=40, flaw="CVE-2023-32681", outcome="accepted", reason="low_impact", lasts=60,
            repository="registry.example/data/pipeline", note="No proxy has credentials here."),
    Decided(day=88, flaw="CVE-2024-6345", outcome="accepted", reason="fix_planned", lasts=60,
            repository="registry.example/platform/runner", note="Rebuilt with the next release of the runner."),
)  # fmt: skip
