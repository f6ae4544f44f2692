"""The real Syft and the real Trivy on images; programs of our own in the place of Grype and of a broken scanner."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanners.archives import Archive, recognise
from scanners.reported import ReportedImage, ReportedPackage
from scanners.reports import read
from scanners.reports.source import opened
from scanners.tools import TOOLS, grype, places, syft, trivy
from scanners.tools.tool import Located, Missing, Tool, ToolError, ToolLimits, ToolSettings
from tests.images import docker_archive, oci_layout

needs_trivy = pytest.mark.skipif(
    isinstance(trivy.find(ToolSettings()), Missing), reason="needs Trivy beside Python or on PATH"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def archives(tmp_path: Path) -> dict[str, tuple[Archive, list[str]]]:
    made = docker_archive(tmp_path / "image.tar")
    of_oci = oci_layout(tmp_path / "layout")
    with tarfile.open(tmp_path / "layout.tar", "w") as tar:
        tar.add(tmp_path / "layout", ".")
    return {
        "docker-archive": (recognise(tmp_path / "image.tar"), made),
        "oci-archive": (recognise(tmp_path / "layout.tar"), of_oci),
        "oci-dir": (recognise(tmp_path / "layout"), of_oci),
    }


def scan(tool: Tool, archive: Archive, folder: Path, **settings: object) -> Path:
    return tool.scan(archive, folder, ToolSettings(**settings), ToolLimits(seconds=90), lambda: False)


@pytest.mark.parametrize("layout", ["docker-archive", "oci-archive", "oci-dir"])
def test_syft_lists_the_packages_of_every_layout_with_the_layer_that_brought_them(
    tmp_path: Path, folder: Path, layout: str
) -> None:
    archive, (digest, lowest, highest) = archives(tmp_path)[layout]
    with opened(scan(syft, archive, folder), "report") as source:
        records = list(read.reader_of(source).read(source))
    image = next(record for record in records if isinstance(record, ReportedImage))
    packages = {record.name: record for record in records if isinstance(record, ReportedPackage)}
    assert image.digest == digest and image.layers == (lowest, highest)
    assert set(packages) == {"openssl", "libssl3", "requests"}
    assert packages["libssl3"].source_name == "openssl" and packages["libssl3"].distribution == "debian-12"
    assert packages["openssl"].layer == lowest and packages["requests"].layer == highest


def test_syft_tells_its_version_and_has_no_database(folder: Path) -> None:
    version = syft.version(ToolSettings(), folder)
    assert version.tool.count(".") == 2 and version.data_at is None


@pytest.mark.parametrize("tool", [syft, pytest.param(trivy, marks=needs_trivy)], ids=lambda tool: tool.NAME)
def test_an_image_that_is_broken_is_unreadable(tmp_path: Path, folder: Path, tool: Tool) -> None:
    path = tmp_path / "cut.tar"
    docker_archive(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    archive = Archive(path=path, layout="docker-archive", digest="sha256:0")
    with pytest.raises(ToolError) as caught:
        # Without secrets and vulnerabilities Trivy would need no database, but a scan always looks for both.
        scan(tool, archive, folder, cache=str(empty_database(tmp_path)), offline=True)
    assert caught.value.code == ("unreadable" if tool is syft else "no_database"), caught.value.message


def empty_database(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir(exist_ok=True)
    return tmp_path / "cache"


@needs_trivy
@pytest.mark.parametrize("offline", [True, False])
def test_trivy_without_a_database_says_so(tmp_path: Path, folder: Path, offline: bool) -> None:
    """Offline it may fetch none; on this machine it cannot, because nothing listens where it is told to go."""
    archive, _ = archives(tmp_path)["docker-archive"]
    settings = {"cache": str(empty_database(tmp_path)), "offline": offline}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        with pytest.raises(ToolError) as caught:
            scan(trivy, archive, folder, **settings)
    assert caught.value.code == "no_database" and "no vulnerability database" in caught.value.message


@needs_trivy
def test_trivy_tells_its_version_and_that_there_is_no_database(tmp_path: Path, folder: Path) -> None:
    version = trivy.version(ToolSettings(cache=str(empty_database(tmp_path))), folder)
    assert version.tool and version.data_at is None


@needs_trivy
def test_the_age_of_trivys_database_is_known(tmp_path: Path, folder: Path) -> None:
    database = empty_database(tmp_path) / "db"
    database.mkdir()
    moment = "2026-11-20T06:12:34Z"
    said = {"Version": 2, "UpdatedAt": moment, "NextUpdate": moment, "DownloadedAt": moment}
    (database / "metadata.json").write_text(json.dumps(said))
    version = trivy.version(ToolSettings(cache=str(tmp_path / "cache")), folder)
    assert version.data_at == datetime(2026, 11, 20, 6, 12, 34, tzinfo=UTC)


@needs_trivy
def test_a_trivy_server_that_does_not_answer_is_said(tmp_path: Path, folder: Path) -> None:
    archive, _ = archives(tmp_path)["docker-archive"]
    with pytest.raises(ToolError) as caught:
        scan(trivy, archive, folder, server="http://127.0.0.1:9", token="secret-of-the-server")
    assert caught.value.code == "unreachable", caught.value.message
    assert "secret-of-the-server" not in caught.value.message


def test_a_trivy_server_needs_a_whole_address() -> None:
    assert isinstance(trivy.find(ToolSettings(server="trivy:4954")), Missing)


def stand_in(tmp_path: Path, text: str) -> str:
    path = tmp_path / "stand-in"
    path.write_text(f"#!{sys.executable} -IS\nimport os, sys\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_grype_is_asked_as_its_documentation_says(tmp_path: Path, folder: Path) -> None:
    """No Grype here: a program of ours in its place repeats how it was asked."""
    program = stand_in(
        tmp_path,
        "import json\nprint(json.dumps({'version': '0.116.0', 'built': '2026-11-20T00:00:00Z',"
        " 'asked': sys.argv[1:], 'environment': dict(os.environ)}))",
    )
    archive, _ = archives(tmp_path)["oci-archive"]
    version = grype.version(ToolSettings(program=program), folder)
    assert version.tool == "0.116.0" and version.data_at == datetime(2026, 11, 20, tzinfo=UTC)
    said = json.loads(scan(grype, archive, folder, program=program, offline=True).read_text())
    assert said["asked"] == [f"oci-dir:{folder / 'layout'}", "--output", "json", "--scope", "squashed"]
    assert said["environment"]["GRYPE_DB_AUTO_UPDATE"] == "false"


@pytest.mark.parametrize(
    ("tool", "stderr", "code"),
    [
        (grype, "[0070] ERROR failed to load vulnerability db: database does not exist", "no_database"),
        (grype, "could not determine source: unable to load image", "unreadable"),
        (grype, "panic: runtime error", "crashed"),
        (trivy, "FATAL init error: DB error: the local DB has an old schema version", "no_database"),
        (trivy, "FATAL Java DB error: --skip-java-db-update cannot be specified", "no_database"),
        (trivy, "FATAL image scan error: context deadline exceeded", "timed_out"),
        (trivy, "", "crashed"),
        (syft, "fatal error: out of memory", "crashed"),
    ],
)
def test_what_a_failure_means_is_read_from_its_words(
    tmp_path: Path, folder: Path, tool: Tool, stderr: str, code: str
) -> None:
    program = stand_in(tmp_path, f"sys.stderr.write({stderr!r})\nsys.exit(1)")
    archive, _ = archives(tmp_path)["docker-archive"]
    with pytest.raises(ToolError) as caught:
        scan(tool, archive, folder, program=program)
    assert caught.value.code == code


def test_a_signal_is_a_crash(tmp_path: Path, folder: Path) -> None:
    program = stand_in(tmp_path, "os.kill(os.getpid(), 11)")
    archive, _ = archives(tmp_path)["docker-archive"]
    with pytest.raises(ToolError, match="signal 11") as caught:
        scan(syft, archive, folder, program=program)
    assert caught.value.code == "crashed"


def test_a_tool_is_looked_for_where_it_is_configured_first(tmp_path: Path) -> None:
    for tool in TOOLS:
        program = stand_in(tmp_path, "")
        assert tool.find(ToolSettings(program=program)) == Located(program=Path(program), how="configured")
        missing = tool.find(ToolSettings(program=str(tmp_path / "none")))
        assert isinstance(missing, Missing) and "no program at" in missing.reason
        assert isinstance(tool.find(ToolSettings(program="syft")), Missing), "a relative path"


def test_syft_comes_with_the_requirements() -> None:
    found = syft.find(ToolSettings())
    assert isinstance(found, Located) and found.how == "embedded"


def test_a_tool_is_found_on_path_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(stand_in(tmp_path, ""), tmp_path / "no-such-scanner")
    assert isinstance(places.find("no-such-scanner", ""), Missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert places.find("no-such-scanner", "") == Located(program=tmp_path / "no-such-scanner", how="on PATH")


def test_the_library_needs_no_settings_of_the_server() -> None:
    code = "import scanners.tools, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
