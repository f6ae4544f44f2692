"""Images as files: each layout is recognised, and what is none is said in a sentence."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanners.archives import ArchiveError, recognise
from tests.images import docker_archive, oci_layout


def test_what_docker_save_writes_is_known_by_its_configuration(tmp_path: Path) -> None:
    made, *_ = docker_archive(tmp_path / "image.tar")
    archive = recognise(tmp_path / "image.tar")
    assert (archive.layout, archive.digest, archive.references) == ("docker-archive", made, ("shop/web:1",))
    assert archive.bytes == (tmp_path / "image.tar").stat().st_size


def test_a_layout_of_oci_is_known_as_a_folder_and_as_a_tar_file(tmp_path: Path) -> None:
    made, *_ = oci_layout(tmp_path / "layout")
    with tarfile.open(tmp_path / "layout.tar", "w") as tar:
        tar.add(tmp_path / "layout", ".")
    folder, file = recognise(tmp_path / "layout"), recognise(tmp_path / "layout.tar")
    assert (folder.layout, file.layout) == ("oci-dir", "oci-archive")
    assert folder.digest == file.digest == made and folder.references == ("shop/web:1",)


def tar_of(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.replace("_", "."))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no tar file"),
        (b"\x1f\x8b\x08" + b"x" * 600, "no tar file, or a compressed one"),
        (b"just text" * 100, "no tar file"),
    ],
)
def test_what_is_no_archive_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=said):
        recognise(path)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"readme": b"hello"}, "holds no image"),
        ({"manifest_json": b"[]"}, "holds 0 images"),
        ({"manifest_json": b'[{"Config":"a"},{"Config":"b"}]'}, "holds 2 images"),
        ({"manifest_json": b'[{"Config":"missing.json"}]'}, "damaged"),
        ({"manifest_json": b"[" * 100_000}, "damaged"),
        ({"manifest_json": b'"' + b"x" * 9_000_000 + b'"'}, "larger than 8 MiB"),
        ({"index_json": b'{"manifests":[{"digest":"sha256:../../etc/passwd"}]}'}, "no digest"),
        ({"index_json": b'{"manifests":[{"digest":"sha256:abc"}]}'}, "damaged"),
    ],
)
def test_an_archive_without_one_image_is_refused(tmp_path: Path, files: dict[str, bytes], said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        recognise(tar_of(tmp_path / "image.tar", **files))


def test_an_archive_that_breaks_off_is_said_to(tmp_path: Path) -> None:
    docker_archive(tmp_path / "whole.tar")
    content = (tmp_path / "whole.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(content[: len(content) // 2])
    with pytest.raises(ArchiveError, match="breaks off"):
        recognise(tmp_path / "cut.tar")


def test_a_folder_cannot_lead_out_of_itself(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("{}")
    layout = tmp_path / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)
    (layout / "blobs" / "sha256" / "abc").symlink_to(secret)
    (layout / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:abc"}]}))
    with pytest.raises(ArchiveError, match="damaged"):
        recognise(layout)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_archive_never_does_more_than_refuse(tmp_path: Path, data: st.DataObject) -> None:
    docker_archive(tmp_path / "whole.tar")
    content = bytearray((tmp_path / "whole.tar").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.tar"
    path.write_bytes(content)
    try:
        assert recognise(path).layout == "docker-archive"
    except ArchiveError as error:
        assert str(error).endswith(".")
