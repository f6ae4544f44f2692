"""Which packages are in use: what probes saw loaded, mapped to packages and findings, and what it does to points and loads."""

from __future__ import annotations

import json
import math
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from posture.accounts.choices import Role
from posture.collection.reports import Order, import_file
from posture.findings import tallies
from posture.findings.models import Finding
from posture.fleet import probe_ingest
from posture.fleet.models import Asset, ContainerProbe, ContainerState, LoadedFiles
from posture.risk import formula, loads, use
from posture.risk.points import points_of, threat_of, use_of
from posture.vulnerabilities import in_use, ingest
from posture.vulnerabilities.choices import Use
from posture.vulnerabilities.models import ImageUse, PackageFiles, PackageUse
from scanners.records import Severity
from tests.posture.api.resources import get
from tests.posture.collection.probes import confined, document, probe_node, probe_pulled
from tests.posture.collection.pulls import environment, write
from tests.posture.collection.scans import held, host, image, running
from tests.posture.people import person, program

DATA = Path(__file__).parents[2] / "data" / "reports" / "syft"
LIBCRYPTO = "/usr/lib/x86_64-linux-gnu/libcrypto.so.3"
WEEK = timedelta(days=7, seconds=1)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    ingest.forget()


# -- the formula


@pytest.mark.parametrize(
    ("severity", "exploited", "epss", "use_", "expected"),
    [  # the test vectors of docs/load.md
        (Severity.HIGH, False, None, Use.SEEN, 77.0),
        (Severity.HIGH, False, None, Use.NOT_SEEN, 56.0),
        (Severity.CRITICAL, True, None, Use.SEEN, 100.0),
        (Severity.MEDIUM, False, 0.0001, Use.NOT_SEEN, 27.2),
    ],
)
def test_use_gives_the_published_vectors(
    severity: Severity, exploited: bool, epss: float | None, use_: Use, expected: float
) -> None:
    threat = threat_of(is_exploited=exploited, epss=epss)
    weight = use_of(use_, path="/usr/bin/x", is_long=True, days=7)
    assert points_of(severity, [*threat, *weight]) == pytest.approx(expected)


@given(st.sampled_from(Severity), st.booleans(), st.floats(0, 1), st.booleans())
def test_seen_weighs_at_least_as_much_as_not_measured_and_that_as_not_seen(
    severity: Severity, exploited: bool, epss: float, is_long: bool
) -> None:
    threat = threat_of(is_exploited=exploited, epss=epss)
    by_use = [points_of(severity, [*threat, *use_of(u, path="/x", is_long=is_long, days=7)]) for u in Use]
    not_measured, not_seen, seen = by_use
    assert seen >= not_measured >= not_seen > 0


def test_use_keeps_its_place_among_the_factors() -> None:
    threat, data = ("threat", "", 1.1), ("data", "", 1.05)
    seen, unseen = ("use", "seen", 1.1), ("use", "not seen", 0.8)
    assert use._with([threat, data], [seen]) == [threat, data, seen]
    assert use._with([threat, seen, data], [unseen]) == [threat, unseen, data]
    assert use._with([threat, seen, data], []) == [threat, data]


# -- packages and their files


def listed(asset: Asset, tmp_path: Path, **changes: Any) -> None:
    """The packages of a root of Debian, as the real Syft told them, are those of this image."""
    report = json.loads((DATA / "debian-root-schema-16.json").read_text())
    report.update(changes)
    path = tmp_path / "syft.json"
    path.write_text(json.dumps(report))
    assert import_file(path, order=Order(image=asset.key)).status == "imported"


def vulnerable(asset: Asset, tmp_path: Path, *packages: str, **more: Any) -> None:
    """Trivy finds one vulnerability in each of these packages of the image."""
    versions = {"libssl3": "3.0.19-1~deb12u2", "openssl": "3.0.19-1~deb12u2", "adduser": "3.134"}
    found = [
        {
            "VulnerabilityID": f"CVE-2026-{1000 + number}",
            "PkgName": name,
            "InstalledVersion": versions[name],
            "PkgIdentifier": {
                "PURL": f"pkg:deb/debian/{name}@{versions[name]}?arch={'all' if name == 'adduser' else 'amd64'}"
                "&distro=debian-12"
            },
            "Severity": "HIGH",
            **more,
        }
        for number, name in enumerate(packages)
    ]
    report = {
        "SchemaVersion": 2,
        "ArtifactName": "x",
        "ArtifactType": "container_image",
        "Metadata": {"OS": {"Family": "debian", "Name": "12"}, "ImageID": "sha256:x"},
        "Results": [{"Target": "x", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": found}],
    }
    path = tmp_path / "trivy.json"
    path.write_text(json.dumps(report))
    assert import_file(path, order=Order(image=asset.key)).status == "imported"


def watched(state: ContainerState, *paths: str, since: datetime | None = None) -> Asset:
    """A probe tells of the container, and that it has loaded these."""
    at = since or timezone.now()
    asset: Asset = state.asset
    ContainerProbe.objects.create(asset=asset, host=state.host, opened_at=at, fingerprint="p", manager="")
    probe_ingest.add_loaded({asset.pk: paths or ("/bin/sleep",)}, at)
    return asset


def found(name: str) -> Finding:
    return Finding.objects.get(package__name=name, kind="vulnerability")


@pytest.fixture
def web(db: None, tmp_path: Path) -> Asset:
    made = held(image(), host())
    listed(made, tmp_path)
    vulnerable(made, tmp_path, "libssl3", "openssl", "adduser")
    return made


def alpha() -> Asset:
    return Asset.objects.get(kind="host", name="alpha")


def test_a_packages_programs_and_libraries_are_kept_once_for_the_fleet(web: Asset, tmp_path: Path) -> None:
    files = dict(PackageFiles.objects.values_list("package__name", "paths"))
    assert LIBCRYPTO in files["libssl3"] and files["openssl"] == ["/usr/bin/openssl"]
    assert "adduser" not in files, "scripts cannot be seen loaded"
    before = rows_written("vulnerabilities_packagefiles")
    listed(held(image("b"), alpha()), tmp_path)
    ingest.forget()
    listed(held(image("c"), alpha()), tmp_path)
    assert rows_written("vulnerabilities_packagefiles") == before > 0


WRITTEN = (
    "vulnerabilities_packageuse",
    "vulnerabilities_imageuse",
    "findings_finding",
    "fleet_asset",
    "risk_load",
)


def rows_written(*tables: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
            " WHERE relname = ANY(%s)",
            [list(tables or WRITTEN)],
        )
        return int(cursor.fetchone()[0])


def test_files_of_a_package_in_another_place_are_added(web: Asset, tmp_path: Path) -> None:
    report = json.loads((DATA / "debian-root-schema-16.json").read_text())
    package = next(one for one in report["artifacts"] if one["name"] == "openssl")
    package["metadata"]["files"] = [{"path": "/opt/bin/openssl"}]
    entry = {"id": "1", "location": {"path": "/opt/bin/openssl"}, "executable": {"format": "elf"}}
    listed(held(image("b"), alpha()), tmp_path, artifacts=[package], files=[entry])
    paths = PackageFiles.objects.get(package__name="openssl").paths
    assert paths == ["/opt/bin/openssl", "/usr/bin/openssl"]


# -- seen, not seen, not measured


def test_without_a_probe_nothing_is_measured(web: Asset) -> None:
    running(web, alpha())
    assert use.review(timezone.now()) == 0
    assert set(Finding.objects.values_list("use", flat=True)) == {Use.NOT_MEASURED}
    assert found("libssl3").points == 70.0


def test_a_package_whose_library_is_loaded_is_seen_and_the_others_are_not_seen(web: Asset) -> None:
    seen_in = watched(running(web, alpha()), LIBCRYPTO, "/bin/sleep")
    assert use.review(timezone.now()) == 1
    libssl, openssl, adduser = found("libssl3"), found("openssl"), found("adduser")
    assert (libssl.use, libssl.points) == (Use.SEEN, pytest.approx(77.0))
    assert libssl.factors[-1] == ["use", f"loaded in a running container: {LIBCRYPTO}", 1.1]
    assert (openssl.use, openssl.points) == (Use.NOT_SEEN, 70.0), "watched for too short a time to weigh"
    assert (adduser.use, adduser.points) == (Use.NOT_MEASURED, 70.0), "it has no programs or libraries"
    row = PackageUse.objects.get(package=libssl.package_id)
    assert (row.image_id, row.container_id, row.path) == (web.pk, seen_in.pk, LIBCRYPTO)


def test_loads_of_the_image_and_its_hosts_follow(web: Asset) -> None:
    watched(running(web, alpha()), LIBCRYPTO)
    use.review(timezone.now())
    web.refresh_from_db()
    energies = sum(formula.energy(p) for p in Finding.objects.open().values_list("points", flat=True))
    assert web.energy == pytest.approx(energies) and math.isclose(web.load or 0, formula.load(energies))
    assert alpha().energy == pytest.approx(energies)
    assert loads.recompute([web.pk, alpha().pk], timezone.now()) == []


def test_a_merged_usr_does_not_hide_a_library(web: Asset) -> None:
    """Debian's packages list /bin/dash and /lib/…; the kernel of a merged system tells /usr/bin/dash, of others the former."""
    watched(running(web, alpha()), "/lib/x86_64-linux-gnu/libssl.so.3", "/usr/bin/dash", "/bin/openssl")
    use.review(timezone.now())
    assert found("libssl3").use == found("openssl").use == Use.SEEN
    names = set(PackageUse.objects.values_list("package__name", flat=True))
    assert names == {"libssl3", "openssl", "dash"}


def test_after_a_week_of_watching_what_was_not_seen_weighs_less(web: Asset) -> None:
    now = timezone.now()
    watched(running(web, alpha()), "/bin/sleep", since=now - timedelta(days=6))
    use.review(now)
    assert found("openssl").points == 70.0 and not ImageUse.objects.get().is_long
    assert use.review(now) == 0
    later = now + timedelta(hours=23)
    assert use.review(later) == 0, "not before the week is over"
    assert use.review(now - timedelta(days=6) + WEEK) == 1
    openssl = found("openssl")
    assert (openssl.use, openssl.points) == (Use.NOT_SEEN, pytest.approx(56.0))
    assert openssl.factors[-1][1] == "not loaded by any container in 7 days of watching"
    assert found("adduser").points == 70.0


def test_a_library_that_is_loaded_later_is_seen_from_then_on(web: Asset) -> None:
    start = timezone.now()
    container = watched(running(web, alpha()), "/bin/sleep", since=start - WEEK)
    use.review(start)
    assert found("libssl3").points == pytest.approx(56.0)
    probe_ingest.add_loaded({container.pk: [LIBCRYPTO]}, start + timedelta(minutes=1))
    at = start + timedelta(minutes=2)
    assert use.review(at) == 1
    assert found("libssl3").points == pytest.approx(77.0)
    assert PackageUse.objects.get(package__name="libssl3").since == at


def test_the_same_again_writes_nothing(web: Asset) -> None:
    watched(running(web, alpha()), LIBCRYPTO)
    now = timezone.now()
    use.review(now)
    before = rows_written()
    assert use.review(now + timedelta(minutes=1)) == 0 and rows_written() == before
    signature = ImageUse.objects.get().signature
    assert use.review_image(web.pk, signature, now) == 0


def test_one_container_that_is_not_watched_leaves_the_unseen_not_measured(web: Asset) -> None:
    watched(running(web, alpha()), LIBCRYPTO, since=timezone.now() - WEEK)
    running(web, host("beta"))
    use.review(timezone.now())
    assert found("libssl3").use == Use.SEEN
    assert (found("openssl").use, found("openssl").points) == (Use.NOT_MEASURED, 70.0)


def test_a_probe_that_leaves_makes_the_unseen_not_measured(web: Asset) -> None:
    now = timezone.now()
    container = watched(running(web, alpha()), LIBCRYPTO, since=now - WEEK)
    use.review(now)
    assert found("openssl").use == Use.NOT_SEEN
    probe_ingest.end_probe([container.pk], now)
    assert use.review(now) == 1 and found("openssl").use == Use.NOT_MEASURED


def test_a_container_with_more_files_than_a_probe_tells_proves_no_absence(web: Asset) -> None:
    paths = [LIBCRYPTO, *(f"/opt/lib/{n}.so" for n in range(in_use.TOLD_AT_MOST))]
    watched(running(web, alpha()), *paths, since=timezone.now() - WEEK)
    use.review(timezone.now())
    assert (found("libssl3").use, found("openssl").use) == (Use.SEEN, Use.NOT_MEASURED)


def test_when_the_containers_are_gone_nothing_is_measured_any_more(web: Asset) -> None:
    container = watched(running(web, alpha()), LIBCRYPTO)
    use.review(timezone.now())
    Asset.objects.filter(pk=container.pk).update(gone_at=timezone.now())
    assert use.review(timezone.now()) == 1
    assert (found("libssl3").use, found("libssl3").points) == (Use.NOT_MEASURED, 70.0)
    assert not PackageUse.objects.exists() and not ImageUse.objects.exists()
    assert use.review(timezone.now()) == 0


def test_containers_that_replace_each_other_do_not_begin_the_week_anew(web: Asset) -> None:
    now = timezone.now()
    first = running(web, alpha())
    old = watched(first, "/bin/sleep", since=now - timedelta(days=5))
    use.review(now)
    new = running(web, alpha(), exposed=True)
    watched(new, "/bin/sleep", since=now)
    Asset.objects.filter(pk=old.pk).update(gone_at=now)
    use.review(now)
    assert ImageUse.objects.get().watched_since == now - timedelta(days=5)
    assert use.review(now + timedelta(days=3)) == 1 and found("openssl").points == pytest.approx(56.0)


def test_interpreted_packages_are_seen_or_not_measured(web: Asset, tmp_path: Path) -> None:
    """The other half of a package of Python is read, not loaded: that its library is not there proves nothing."""
    wheel = {
        "name": "cffi",
        "version": "1.0",
        "type": "python",
        "purl": "pkg:pypi/cffi@1.0",
        "locations": [],
        "metadata": {
            "files": [{"path": "_cffi.so"}, {"path": "../../../bin/cffi"}],
            "sitePackagesRootPath": "/app/lib/py",
        },
    }
    place = {"id": "1", "location": {"path": "/app/lib/py/_cffi.so"}, "executable": {"format": "elf"}}
    listed(web, tmp_path, artifacts=[wheel], files=[place])
    assert PackageFiles.objects.get(package__name="cffi").paths == ["/app/lib/py/_cffi.so"]
    container = watched(running(web, alpha()), "/bin/sleep")
    use.review(timezone.now())
    cffi = PackageFiles.objects.get(package__name="cffi").pk
    assert in_use.work_out(web.pk, "", timezone.now()).of(cffi) == Use.NOT_MEASURED
    probe_ingest.add_loaded({container.pk: ["/app/lib/py/_cffi.so"]}, timezone.now())
    assert in_use.work_out(web.pk, "", timezone.now()).of(cffi) == Use.SEEN


def test_what_a_report_says_again_keeps_what_is_known_of_use(web: Asset, tmp_path: Path) -> None:
    watched(running(web, alpha()), LIBCRYPTO, since=timezone.now() - WEEK)
    use.review(timezone.now())
    vulnerable(web, tmp_path, "libssl3", "openssl", Title="another text")
    assert found("libssl3").points == pytest.approx(77.0) and found("openssl").points == pytest.approx(56.0)
    vulnerable(web, tmp_path, "libssl3", "openssl", Severity="MEDIUM")
    assert found("libssl3").points == pytest.approx(44.0) and found("openssl").points == pytest.approx(32.0)
    assert found("libssl3").factors[-1][0] == "use" and found("adduser").closed_at is not None


def test_a_new_finding_learns_of_use_at_the_next_review(web: Asset, tmp_path: Path) -> None:
    watched(running(web, alpha()), LIBCRYPTO)
    use.review(timezone.now())
    Finding.objects.filter(package__name="libssl3").delete()
    vulnerable(web, tmp_path, "libssl3", "openssl", "adduser", Title="anew")
    assert found("libssl3").use == Use.NOT_MEASURED
    assert use.review(timezone.now()) == 1 and found("libssl3").use == Use.SEEN


def test_what_a_probes_document_tells_is_what_is_mapped(web: Asset) -> None:
    """From the document of a probe, through the writing of a pull."""
    write(probe_node(), probe_pulled(document(confined("c" * 64, loaded=[LIBCRYPTO, "/usr/bin/sleep"]))))
    asset = LoadedFiles.objects.get().asset
    ContainerState.objects.filter(asset=asset).update(image=web.pk, status="running")
    assert use.review(timezone.now()) == 1
    assert found("libssl3").use == Use.SEEN and found("openssl").use == Use.NOT_SEEN


# -- what people see


def test_findings_say_and_can_be_filtered_by_use(web: Asset) -> None:
    container = watched(running(web, alpha()), LIBCRYPTO)
    use.review(timezone.now())
    reader = program(person("ann", Role.VIEWER))
    shown = {row["package"]["name"]: row["use"] for row in get(reader, "/findings")["results"]}
    assert shown == {"libssl3": "seen", "openssl": "not_seen", "adduser": "not_measured"}
    for word, names in {
        "seen": {"libssl3"},
        "not_seen": {"openssl"},
        "not_measured": {"adduser"},
        "seen,not_measured": {"libssl3", "adduser"},
    }.items():
        assert {row["package"]["name"] for row in get(reader, "/findings", use=word)["results"]} == names
    assert reader.get("/api/v1/findings?use=perhaps").status_code == 400
    seen = get(reader, f"/findings/{found('libssl3').pk}")
    assert seen["use_evidence"]["path"] == LIBCRYPTO and seen["use_evidence"]["since"]
    assert seen["use_evidence"]["container"]["id"] == container.pk
    assert {"name": "use", "detail": f"loaded in a running container: {LIBCRYPTO}", "factor": 1.1} in seen[
        "factors"
    ]
    unseen = get(reader, f"/findings/{found('openssl').pk}")["use_evidence"]
    assert unseen["container"] is None and unseen["watched_since"] and unseen["since"] is None


def test_vulnerabilities_say_and_can_be_filtered_by_use(web: Asset) -> None:
    watched(running(web, alpha()), LIBCRYPTO)
    use.review(timezone.now())
    tallies.fold()
    reader = program(person("ann", Role.VIEWER))
    elsewhere = environment("elsewhere")
    stranger = program(person("eve", Role.VIEWER, environments=[elsewhere]))

    def names(client: Client, **filters: str) -> dict[str, tuple[int, int]]:
        rows = get(client, "/vulnerabilities", **filters)["results"]
        assert all(n["exact"] for row in rows for n in row["in_use"].values())
        return {row["key"]: tuple(n["value"] for n in row["in_use"].values()) for row in rows}

    keys = {name: found(name).vulnerability.key for name in ("libssl3", "openssl", "adduser")}
    told = {keys["libssl3"]: (1, 0), keys["openssl"]: (0, 1), keys["adduser"]: (0, 0)}
    assert names(reader) == told
    for words, packages in {
        "seen": {"libssl3"},
        "not_seen": {"openssl"},
        "not_measured": {"adduser"},
        "seen,not_measured": {"libssl3", "adduser"},
    }.items():
        expected = {keys[name]: told[keys[name]] for name in packages}
        assert names(reader, use=words) == expected
        here = names(reader, use=words, environment=alpha().environment.slug)
        assert here == expected
    assert names(stranger, use="seen") == {}
    assert reader.get("/api/v1/vulnerabilities?use=perhaps").status_code == 400
    item = get(reader, f"/vulnerabilities/{found('libssl3').vulnerability_id}")
    assert item["in_use"]["seen"] == {"value": 1, "exact": True}


def test_the_filter_is_served_by_its_own_index(web: Asset) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        queryset = Finding.objects.on_the_worklist().filter(use__gt=0, kind="vulnerability", use__in=[2])
        plan = queryset.order_by("-points", "-pk")[:50].explain()
    assert "open_by_use" in plan, plan
