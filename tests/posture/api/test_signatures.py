"""Trusted signers are written by who decides of environments; an image's signatures are read by who sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from posture.accounts.choices import Role
from posture.collection import image_trust
from posture.fleet import ingest as fleet_rows
from posture.fleet.models import Asset, Environment
from posture.history.models import Entry
from posture.images import signature_ingest as signatures
from posture.images.models import TrustedSigner
from scanners.registry_images import registry_image
from scanners.signatures.records import SignatureEvidence
from tests.posture.api.fleet import DIGESTS, Fleet
from tests.posture.people import person, program, send
from tests.signing import cosign, new_key, public_pem

pytestmark = pytest.mark.django_db
KEY = new_key()
PEM = public_pem(KEY)
DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def client(fleet: Fleet) -> Client:
    return program(person())


def fields(answer: Any) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {error["field"] for error in answer.json()["errors"]}


def test_a_key_is_trusted_changed_and_forgotten_with_its_history(client: Client, fleet: Fleet) -> None:
    body = {"name": "Release", "environment": fleet.production.pk, "public_key": PEM.replace("\n", "\r\n")}
    answer = send(client, "POST", "/trusted-signers", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["kind"], made["environment"]["slug"], len(made["key_id"])) == ("key", "production", 64)
    assert made["public_key"] == PEM
    path = f"/trusted-signers/{made['id']}"
    changed = send(client, "PATCH", path, {"environment": None, "repositories": ["registry.example/*"]})
    assert changed.status_code == 200, changed.content
    assert changed.json()["environment"] is None and changed.json()["repositories"] == ["registry.example/*"]
    assert (
        send(client, "PATCH", path, {"name": "Release"}).status_code == 200
    )  # nothing changes, nothing is written
    assert send(client, "DELETE", path).status_code == 204
    entries = Entry.objects.filter(object_kind="trusted_signer", object_name="Release").order_by("id")
    assert [entry.verb for entry in entries] == ["created", "changed", "deleted"]
    assert entries[1].changes == {
        "repositories": [[], ["registry.example/*"]],
        "environment": ["production", None],
    }


def test_an_identity_is_trusted_by_issuer_and_subject(client: Client) -> None:
    body = {
        "name": "CI",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "https://github.com/our-company/*",
    }
    answer = send(client, "POST", "/trusted-signers", body)
    assert answer.status_code == 201, answer.content
    assert (answer.json()["kind"], answer.json()["key_id"]) == ("identity", "")


GITHUB = "https://token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "public_key"),
        ({"public_key": "no key"}, "public_key"),
        ({"public_key": public_pem(new_key("rsa1024"))}, "public_key"),
        ({"public_key": PEM, "issuer": GITHUB}, "issuer"),
        ({"public_key": PEM, "subject": "x@example.org"}, "subject"),
        ({"issuer": GITHUB}, "subject"),
        ({"subject": "https://github.com/our-company/*"}, "issuer"),
        ({"issuer": "https://*", "subject": "https://github.com/our-company/*"}, "issuer"),
        ({"issuer": "github", "subject": "https://github.com/our-company/*"}, "issuer"),
        ({"issuer": GITHUB, "subject": "*"}, "subject"),
        ({"issuer": GITHUB, "subject": "**?*"}, "subject"),
        ({"public_key": PEM, "environment": 10**9}, "environment"),
        ({"public_key": PEM, "repositories": ["x" * 301]}, "repositories.0"),
        ({"public_key": PEM, "repositories": [f"r{n}" for n in range(51)]}, "repositories"),
        ({"public_key": PEM, "name": "release of the company"}, "name"),
        ({"public_key": PEM, "name": "two\nlines"}, "name"),
        ({"public_key": PEM, "name": ""}, "name"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(client: Client, body: dict, field: str) -> None:
    before = TrustedSigner.objects.count()
    assert fields(send(client, "POST", "/trusted-signers", {"name": "Wrong"} | body)) == {field}
    assert TrustedSigner.objects.count() == before


def test_a_private_key_is_refused_and_kept_nowhere(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    from cryptography.hazmat.primitives import serialization

    secret = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    answer = send(client, "POST", "/trusted-signers", {"name": "Oops", "public_key": secret})
    assert fields(answer) == {"public_key"}
    assert secret.splitlines()[1] not in answer.content.decode() + caplog.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.AUDITOR])
def test_only_who_decides_of_environments_decides_whom_they_trust(fleet: Fleet, role: str) -> None:
    client = program(person("vi", role))
    signer = TrustedSigner.objects.first()
    assert signer is not None
    for method, path in (("POST", ""), ("PATCH", f"/{signer.pk}"), ("DELETE", f"/{signer.pk}")):
        assert send(client, method, f"/trusted-signers{path}", {"name": "x"}).status_code == 403
    assert send(client, "GET", f"/trusted-signers/{signer.pk}").status_code == 200


def test_who_sees_one_environment_decides_for_that_one_only(fleet: Fleet) -> None:
    user = person("sta")
    user.environments.set([fleet.staging])
    client = program(user)
    seen = send(client, "GET", "/trusted-signers").json()["results"]
    assert {row["name"] for row in seen} == {"release of Staging", "release of the company"}
    own = {"name": "Own", "public_key": PEM, "environment": fleet.staging.pk}
    assert send(client, "POST", "/trusted-signers", own).status_code == 201
    for environment in (None, fleet.production.pk):
        body = {"name": "Other", "public_key": PEM, "environment": environment}
        assert fields(send(client, "POST", "/trusted-signers", body)) == {"environment"}
    everywhere = TrustedSigner.objects.get(environment=None)
    of_production = TrustedSigner.objects.get(environment=fleet.production)
    assert send(client, "PATCH", f"/trusted-signers/{everywhere.pk}", {"name": "x"}).status_code == 403
    assert send(client, "DELETE", f"/trusted-signers/{everywhere.pk}").status_code == 403
    assert send(client, "DELETE", f"/trusted-signers/{of_production.pk}").status_code == 404


# -- what an image's signatures come to


@pytest.fixture
def signed(fleet: Fleet) -> Asset:
    """The image that both environments hold, signed with a key that production trusts."""
    asset = Asset.objects.get(kind="image", key=DIGESTS["web"])
    evidence = SignatureEvidence(
        repository="registry.example/shop/web", digests=(DIGEST,), attachments=(cosign(KEY, DIGEST),)
    )
    told = registry_image(asset.key, evidence)
    at = timezone.now()
    fleet_rows.store_documents({told.fingerprint: fleet_rows.compress(told.document)}, at)
    TrustedSigner.objects.create(name="key", kind="key", environment=fleet.production, public_key=PEM)
    name = f"registry.example/shop/web@{DIGEST}"
    signatures.store_evidence(
        fleet.alpha.pk, {asset.pk: signatures.Evidence(known_as=name, fingerprint=told.fingerprint)}, at
    )
    image_trust.settle([asset.pk], at)
    return asset


def test_signatures_are_told_for_each_environment(client: Client, signed: Asset) -> None:
    said = send(client, "GET", f"/images/{signed.pk}/signatures").json()
    assert said["outcome"] == "untrusted"
    outcomes = {
        row["environment"]["slug"] if row["environment"] else None: row["outcome"]
        for row in said["environments"]
    }
    assert outcomes == {"production": "verified", "staging": "untrusted", None: "untrusted"}
    production = next(row for row in said["environments"] if row["outcome"] == "verified")
    assert production["signers"] == ["key"] and production["reason"] == "signed by key"
    assert production["signatures"][0]["kind"] == "cosign" and production["signatures"][0]["verified"]
    (source,) = said["sources"]
    assert source["node"]["name"] == "alpha" and source["name"].startswith("registry.example/shop/web@")


def test_others_environments_are_not_shown(stager: Client, signed: Asset) -> None:
    said = send(stager, "GET", f"/images/{signed.pk}/signatures").json()
    assert [row["environment"] and row["environment"]["slug"] for row in said["environments"]] == [
        "staging",
        None,
    ]
    assert "key" not in [row["signer"] for each in said["environments"] for row in each["signatures"]]
    assert said["sources"][0]["node"] is None


def test_an_image_that_no_registry_was_asked_for_is_not_measured(client: Client, fleet: Fleet) -> None:
    asset = Asset.objects.get(kind="image", key=DIGESTS["db"])
    said = send(client, "GET", f"/images/{asset.pk}/signatures").json()
    assert (said["outcome"], said["environments"], said["sources"]) == ("not_measured", [], [])


def test_the_past_is_told_and_what_cannot_be_seen_is_not_there(
    client: Client, stager: Client, signed: Asset, fleet: Fleet
) -> None:
    before = send(client, "GET", f"/images/{signed.pk}/signatures?as_of=2020-01-01T00:00:00Z").json()
    assert before["outcome"] == "not_measured"
    assert send(client, "GET", f"/images/{signed.pk}/signatures?x=1").status_code == 400
    assert send(client, "GET", "/images/99999999/signatures").status_code == 404
    host = Asset.objects.filter(kind="host").first()
    assert host is not None and send(client, "GET", f"/images/{host.pk}/signatures").status_code == 404


def test_an_environment_says_what_it_demands(client: Client, fleet: Fleet) -> None:
    path = f"/environments/{fleet.staging.pk}"
    body = {"requires_signatures": True, "allowed_registries": ["registry.example:5000/shop/", "docker.io"]}
    answer = send(client, "PATCH", path, body)
    assert answer.status_code == 200, answer.content
    assert answer.json()["requires_signatures"] is True
    assert answer.json()["allowed_registries"] == ["docker.io", "registry.example:5000/shop"]
    assert send(client, "PATCH", path, {"description": "x"}).json()["allowed_registries"] is not None
    assert send(client, "PATCH", path, {"allowed_registries": None}).json()["allowed_registries"] is None
    entry = Entry.objects.filter(object_kind="environment", object_id=str(fleet.staging.pk)).latest("id")
    assert entry.changes == {"allowed_registries": [["docker.io", "registry.example:5000/shop"], None]}
    for wrong in (["nginx"], ["https://registry.example"], ["registry.example/Shop"], ["a b.c"]):
        assert fields(send(client, "PATCH", path, {"allowed_registries": wrong})) == {"allowed_registries"}, (
            wrong
        )
    assert Environment.objects.get(pk=fleet.staging.pk).allowed_registries is None
