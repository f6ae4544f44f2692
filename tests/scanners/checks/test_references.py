"""Image references are read as the Docker client reads them."""

import pytest

from scanners.checks.references import is_image_id, parse_reference


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io/library/nginx", "latest", ""),
        ("nginx:1.27", "docker.io/library/nginx", "1.27", ""),
        ("team/app:2", "docker.io/team/app", "2", ""),
        ("index.docker.io/team/app", "docker.io/team/app", "latest", ""),
        ("localhost/app", "localhost/app", "latest", ""),
        ("registry:5000/app", "registry:5000/app", "latest", ""),
        ("registry.example:5000/a/b/app:3@sha256:ab", "registry.example:5000/a/b/app", "3", "sha256:ab"),
        ("app@sha256:ab", "docker.io/library/app", "", "sha256:ab"),
    ],
)
def test_it_fills_in_the_defaults(text: str, repository: str, tag: str, digest: str) -> None:
    reference = parse_reference(text)

    assert (reference.repository, reference.tag, reference.digest) == (repository, tag, digest)


def test_a_prefix_matches_whole_path_parts_only() -> None:
    reference = parse_reference("registry.example/shop/web:1")

    assert reference.is_below(["registry.example"])
    assert reference.is_below(["registry.example/shop/"])
    assert reference.is_below(["registry.example/shop/web"])
    assert not reference.is_below(["registry.example/sho"])
    assert not reference.is_below(["registry.exampl"])
    assert not reference.is_below([])


def test_an_image_id_is_not_a_name() -> None:
    assert is_image_id("sha256:" + "a" * 64)
    assert is_image_id("0123456789ab")
    assert not is_image_id("nginx")
    assert not is_image_id("cafe")
