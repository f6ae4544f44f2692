"""A secret in an image of a public registry."""

from __future__ import annotations

from posture.findings.combinations.examples import facts
from posture.findings.combinations.rule import Facts, path, rule
from scanners.records import Severity

# Registries whose repositories anybody may read unless told otherwise. A name without a host is Docker Hub's.
PUBLIC = (
    "docker.io",
    "index.docker.io",
    "quay.io",
    "ghcr.io",
    "public.ecr.aws",
    "registry.gitlab.com",
    "gcr.io",
)


def is_public(image: str) -> bool:
    head, slash, _ = image.partition("/")
    is_host = slash and ("." in head or ":" in head or head == "localhost")
    return head in PUBLIC if is_host else True


@rule(
    title="A secret in an image of a public registry",
    severity=Severity.CRITICAL,
    rationale="Whoever can pull the image has the secret, and layers of a public registry are read by strangers every "
    "minute. That a repository is private cannot be told from its name, so look first.",
    remediation="Revoke the secret now: taking it out of the image does not take it back. Then rebuild without it.",
    good=[
        facts(image="docker.io/shop/web:1.0"),
        facts(image="registry.example:5000/shop/web:1.0", secrets=("AWS key in /app/.env",)),
    ],
    bad=[
        facts(image="shop/web:1.0", secrets=("AWS key in /app/.env",)),
        facts(image="ghcr.io/shop/web:1.0", secrets=("AWS key in /app/.env",)),
    ],
)
def secret_in_public_image(f: Facts) -> tuple[str, ...] | None:
    if not (f.secrets and is_public(f.image)):
        return None
    return path(f.image, f.secrets[0], "whoever pulls it")
