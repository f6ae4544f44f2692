"""Reports of other tools through the whole of ingest: right findings, each tool's word, nothing twice, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from posture.accounts.choices import Role
from posture.collection.reports import import_file
from posture.findings.models import Attribution, Finding, OpenInterval
from posture.fleet.models import Asset
from posture.risk import formula, loads
from posture.vulnerabilities import ingest
from posture.vulnerabilities.models import Alias, Package, PackageList, Scan, Vulnerability
from scanners.checks.examples import image
from scanners.records import AssetKind, Severity
from tests.posture.api.resources import get
from tests.posture.collection.pulls import environment, node, pulled, write
from tests.posture.collection.test_writing import rows_written
from tests.posture.people import person, program

pytestmark = pytest.mark.django_db

DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def _remember_nothing() -> Iterator[None]:
    ingest.forget()
    yield
    ingest.forget()


def vulnerability(number: int, package: str = "libssl3", **changes: Any) -> dict[str, Any]:
    return {
        "VulnerabilityID": f"CVE-2026-{1000 + number}",
        "PkgName": package,
        "PkgIdentifier": {"PURL": f"pkg:deb/debian/{package}@3.0.1-1?arch=amd64&distro=debian-12.5"},
        "InstalledVersion": "3.0.1-1",
        "FixedVersion": "3.0.2-1",
        "Status": "fixed",
        "Severity": "HIGH",
        "DataSource": {"ID": "debian"},
        "Title": f"flaw {number}",
        "VendorSeverity": {"nvd": 3},
        **changes,
    }


def trivy(*found: dict[str, Any], at: str = "2026-11-01T00:00:00Z", **changes: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": 2,
        "CreatedAt": at,
        "ArtifactName": "shop/web:1.0",
        "ArtifactType": "container_image",
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.5"},
            "ImageID": DIGEST,
            "RepoTags": ["shop/web:1.0"],
            "DiffIDs": ["sha256:1", "sha256:2"],
        },
        "Results": [
            {
                "Target": "shop/web:1.0 (debian 12.5)",
                "Class": "os-pkgs",
                "Type": "debian",
                "Packages": [
                    {"Name": "libssl3", "Version": "3.0.1-1", "Arch": "amd64",
                     "Identifier": {"PURL": "pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12.5"},
                     "Layer": {"DiffID": "sha256:2"}},
                ],
                "Vulnerabilities": list(found),
            }
        ],
        **changes,
    }  # fmt: skip


def grype_like(tmp_path: Path, *numbers: int, severity: str, source: str) -> Path:
    """The same image by a second tool: Trivy's layout under another name would not be another tool, so this is one."""
    matches = [
        {
            "vulnerability": {"id": f"CVE-2026-{1000 + n}", "severity": severity, "namespace": source,
                              "fix": {"versions": [], "state": "unknown"}},
            "artifact": {"name": "libssl3", "version": "3.0.1-1", "type": "deb",
                         "purl": "pkg:deb/debian/libssl3@3.0.1-1?arch=amd64&distro=debian-12"},
        }
        for n in numbers
    ]  # fmt: skip
    return saved(
        tmp_path,
        {
            "matches": matches,
            "source": {"type": "image", "target": {"userInput": "shop/web:1.0", "imageID": DIGEST}},
            "distro": {"name": "debian", "version": "12"},
            "descriptor": {"name": "grype", "version": "0.90.0"},
        },
        "grype.json",
    )


def saved(tmp_path: Path, report: Any, name: str = "report.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(report))
    return path


def open_keys() -> set[str]:
    rows = Finding.objects.open().filter(kind="vulnerability")
    return set(rows.values_list("vulnerability__key", flat=True))


def test_a_report_that_names_an_unknown_image_creates_it_with_all_it_says(tmp_path: Path) -> None:
    said = import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    assert (said.status, said.reader, said.findings, said.opened) == ("imported", "Trivy JSON", 2, 2)
    asset = Asset.objects.get(kind=AssetKind.IMAGE)
    assert (asset.key, asset.name) == (DIGEST, "shop/web:1.0")
    assert asset.evidence == ["packages", "vulnerability_scan"] and asset.open_high == 2
    assert asset.load == pytest.approx(formula.load(2 * formula.energy(70.0)))
    package = Package.objects.get()
    assert (package.name, package.distribution, package.architecture) == ("libssl3", "debian-12", "amd64")
    listed = PackageList.objects.get()
    assert (listed.packages, listed.layers) == ([package.pk], [1])
    scan = Scan.objects.get()
    assert (scan.tool, scan.state, scan.findings, scan.packages) == ("trivy", "done", 2, 1)
    assert loads.recompute([asset.pk], timezone.now()) == []


def test_the_same_report_again_writes_nothing_but_when_it_was_seen(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    before, seen = rows_written(), Scan.objects.get().last_seen_at
    again = import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2), at="2026-11-02T00:00:00Z")))
    assert again.status == "unchanged" and again.opened == 0
    assert rows_written() == before + 1 and Scan.objects.get().last_seen_at > seen


def test_in_another_order_it_says_the_same(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    said = import_file(saved(tmp_path, trivy(vulnerability(2), vulnerability(1))))
    assert (said.opened, said.reopened, said.resolved) == (0, 0, 0)
    assert Attribution.objects.count() == 2


@pytest.mark.parametrize("kept", [0, 1, 7])
def test_removing_k_of_n_resolves_exactly_k_and_their_return_reopens_them(tmp_path: Path, kept: int) -> None:
    everything = [vulnerability(n) for n in range(8)]
    import_file(saved(tmp_path, trivy(*everything)))
    said = import_file(saved(tmp_path, trivy(*everything[:kept])))
    assert said.resolved == 8 - kept and len(open_keys()) == kept
    assert OpenInterval.objects.current().count() == kept
    back = import_file(saved(tmp_path, trivy(*everything)))
    assert (back.reopened, back.opened) == (8 - kept, 0)
    assert Finding.objects.count() == 8 and len(open_keys()) == 8
    assert Finding.objects.filter(times_opened=2).count() == 8 - kept


def test_a_report_that_breaks_off_resolves_nothing(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(*[vulnerability(n) for n in range(8)])))
    whole = json.dumps(trivy(*[vulnerability(n) for n in range(8)]))
    cut = tmp_path / "cut.json"
    cut.write_text(whole[: whole.index("CVE-2026-1005")])
    said = import_file(cut)
    assert said.status == "partial" and said.skipped_total == 1 and "breaks off" in said.skipped[0].reason
    assert len(open_keys()) == 8 and Scan.objects.get().state == "partial"


def test_one_bad_item_is_named_and_the_rest_is_kept(tmp_path: Path) -> None:
    said = import_file(saved(tmp_path, trivy(vulnerability(1), {"VulnerabilityID": 7}, vulnerability(2))))
    assert said.status == "partial" and said.opened == 2
    assert "Vulnerabilities[1]" in said.skipped[0].where


def test_a_finding_is_open_while_one_tool_says_so(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    said = import_file(grype_like(tmp_path, 1, 3, severity="Critical", source="debian:distro:debian:12"))
    assert (said.opened, said.reader) == (1, "Grype JSON"), said
    both = Finding.objects.get(vulnerability__key="CVE-2026-1001")
    assert set(both.attributions.values_list("tool", flat=True)) == {"trivy", "grype"}
    import_file(saved(tmp_path, trivy()))
    assert open_keys() == {"CVE-2026-1001", "CVE-2026-1003"}
    import_file(grype_like(tmp_path, severity="Critical", source="debian:distro:debian:12"))
    assert open_keys() == set()


def test_the_makers_word_on_severity_goes_before_a_general_databases(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1, Severity="LOW"))))
    import_file(grype_like(tmp_path, 1, severity="Critical", source="nvd:cpe"))
    finding = Finding.objects.get()
    assert finding.severity == Severity.LOW
    words = dict(finding.attributions.values_list("tool", "severity"))
    assert words == {"trivy": Severity.LOW, "grype": Severity.CRITICAL}


def test_a_changed_severity_is_a_new_interval_and_new_points(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    import_file(saved(tmp_path, trivy(vulnerability(1, Severity="CRITICAL"))))
    finding = Finding.objects.get()
    assert finding.severity == Severity.CRITICAL and finding.points == 90.0
    assert list(finding.intervals.order_by("opened_at").values_list("severity", flat=True)) == [3, 4]
    assert finding.times_opened == 1


def test_aliases_are_counted_once(tmp_path: Path) -> None:
    first = vulnerability(1, VendorIDs=["DSA-1-1"])
    second = vulnerability(1, VulnerabilityID="GHSA-aaaa-bbbb-cccc", VendorIDs=["CVE-2026-1001"])
    import_file(saved(tmp_path, trivy(first)))
    said = import_file(saved(tmp_path, trivy(second)))
    assert (said.opened, said.resolved) == (0, 0)
    assert Vulnerability.objects.get().key == "CVE-2026-1001"
    names = set(Alias.objects.values_list("name", flat=True))
    assert names == {"CVE-2026-1001", "GHSA-aaaa-bbbb-cccc"}


def test_an_advisory_that_repairs_several_is_no_name_of_any(tmp_path: Path) -> None:
    both = [vulnerability(number, VendorIDs=["DSA-1-1"]) for number in (1, 2)]
    import_file(saved(tmp_path, trivy(*both)))
    import_file(saved(tmp_path, trivy(*both, vulnerability(3, VulnerabilityID="DSA-1-1"))))
    assert set(Vulnerability.objects.values_list("key", flat=True)) == {
        "CVE-2026-1001", "CVE-2026-1002", "DSA-1-1",
    }  # fmt: skip


def test_an_exploited_vulnerability_weighs_more(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    plain = Finding.objects.get().points
    Vulnerability.objects.update(exploited_since="2026-01-01")
    import_file(saved(tmp_path, trivy(vulnerability(1), vulnerability(2))))
    assert Finding.objects.get(vulnerability__key="CVE-2026-1001").points == pytest.approx(plain * 1.2)


def test_an_image_that_hosts_run_is_the_same_one(tmp_path: Path) -> None:
    write(node(), pulled([], [image(id=DIGEST, references=("shop/web:1.0",))]))
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    asset = Asset.objects.get(kind=AssetKind.IMAGE)
    assert asset.evidence == ["configuration", "packages", "vulnerability_scan"]
    nameless = trivy(vulnerability(2), Metadata={"RepoTags": ["shop/web:1.0"]})
    import_file(saved(tmp_path, nameless))
    assert Asset.objects.filter(kind=AssetKind.IMAGE).count() == 1


def test_a_pull_of_the_image_leaves_findings_of_reports_alone(tmp_path: Path) -> None:
    alpha = node()
    held = image(id=DIGEST, references=("shop/web:1.0",), user="")
    write(alpha, pulled([], [held]))
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    before = set(Finding.objects.open().values_list("pk", flat=True))
    write(alpha, pulled([], [image(id=DIGEST, references=("shop/web:1.0", "shop/web:latest"), user="")]))
    assert before <= set(Finding.objects.open().values_list("pk", flat=True))
    asset = Asset.objects.get(kind=AssetKind.IMAGE)
    energies = [
        formula.energy(p) for p in Finding.objects.open().filter(asset=asset).values_list("points", flat=True)
    ]
    assert asset.load == pytest.approx(formula.load(sum(energies)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "No reader knows"),
        (b'{"hello": "world"}', "No reader knows"),
        (b'{"SchemaVersion": 2, "ArtifactName": "x", "Results": 7}', "another layout"),
        (b'{"SchemaVersion": 2, "ArtifactName": "x", ', "not JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    said = import_file(path)
    assert said.status == "failed" and words in said.error
    assert not Asset.objects.exists()


def test_a_package_is_listed_in_the_sbom_of_its_image(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1))))
    asset = Asset.objects.get(kind=AssetKind.IMAGE)
    reader = program(person("ann", Role.VIEWER))
    bom = get(reader, f"/images/{asset.pk}/sbom")
    (component,) = [one for one in bom["components"] if one["type"] == "library"]
    assert component["purl"].startswith("pkg:deb/debian/libssl3@3.0.1-1") and bom["bomFormat"] == "CycloneDX"
    assert get(reader, f"/images/{asset.pk}/sbom") == bom
    assert get(reader, f"/images/{asset.pk}/sbom", format="spdx")["spdxVersion"] == "SPDX-2.3"
    assert reader.get(f"/api/v1/images/{asset.pk}/sbom?format=word").status_code == 400
    (scan,) = get(reader, f"/images/{asset.pk}/scans")
    assert (scan["tool"], scan["state"], scan["findings"]) == ("trivy", "done", 1)
    # An image that no host holds belongs to no environment, so only who sees all of them sees it.
    limited = person("bob", Role.VIEWER)
    limited.environments.set([environment("elsewhere")])
    assert program(limited).get(f"/api/v1/images/{asset.pk}/sbom").status_code == 404


def test_findings_of_reports_say_what_and_who(tmp_path: Path) -> None:
    import_file(saved(tmp_path, trivy(vulnerability(1, VendorIDs=["GHSA-aaaa-bbbb-cccc"]))))
    reader = program(person("ann", Role.VIEWER))
    (row,) = get(reader, "/findings", vulnerability="GHSA-aaaa-bbbb-cccc")["results"]
    assert row["title"] == "CVE-2026-1001 in libssl3 3.0.1-1" and row["kind"] == "vulnerability"
    assert row["vulnerability"]["key"] == "CVE-2026-1001" and row["package"]["distribution"] == "debian-12"
    assert get(reader, "/findings", asset_kind="image")["results"] == [row]
    assert get(reader, "/findings", asset_kind="container")["results"] == []
    item = get(reader, f"/findings/{row['id']}")
    (word,) = item["words"]
    assert (word["tool"], word["severity"], word["status"]) == ("trivy", "high", "fixed")
    assert word["fixed_versions"] == ["3.0.2-1"]
    assert get(reader, "/findings", vulnerability="CVE-1999-1")["results"] == []
    ledger_lines = get(reader, f"/images/{row['asset']['id']}/ledger")["lines"]
    assert [line["finding"]["title"] for line in ledger_lines] == [row["title"]]


def test_the_command_prints_a_line_for_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    saved(folder, trivy(vulnerability(1)), "a.json")
    saved(folder, {"hello": "world"}, "b.json")
    with pytest.raises(CommandError, match="1 of the files"):
        call_command("import", str(folder))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(Path(line["file"]).name, line["status"]) for line in lines] == [
        ("a.json", "imported"),
        ("b.json", "failed"),
    ]


def operator(kind: str, **found: Any) -> dict[str, Any]:
    return {
        "apiVersion": "aquasecurity.github.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "web"},
        "report": {
            "artifact": {"repository": "shop/web", "tag": "1.0"},
            "scanner": {"name": "Trivy", "version": "0.60.0"},
            **found,
        },
    }


def test_a_report_resolves_only_what_it_looked_for(tmp_path: Path) -> None:
    secret = {"ruleID": "aws-access-key-id", "title": "AWS key", "severity": "CRITICAL", "target": "/.env"}
    flaw = {
        "vulnerabilityID": "CVE-2026-1001",
        "resource": "libssl3",
        "installedVersion": "3.0.1-1",
        "severity": "HIGH",
    }
    import_file(saved(tmp_path, operator("ExposedSecretReport", secrets=[secret])))
    import_file(saved(tmp_path, operator("VulnerabilityReport", vulnerabilities=[flaw])))
    assert set(Finding.objects.open().values_list("kind", flat=True)) == {"secret", "vulnerability"}
    said = import_file(saved(tmp_path, operator("VulnerabilityReport", vulnerabilities=[])))
    assert said.resolved == 1 and Finding.objects.open().get().kind == "secret"
    said = import_file(saved(tmp_path, operator("ExposedSecretReport", secrets=[])))
    assert said.resolved == 1 and not Finding.objects.open().exists()
