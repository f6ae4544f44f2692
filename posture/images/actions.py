"""What a person does to trusted signers: one function per verb, each with its history entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from posture.accounts.models import User
from posture.base.problems import Invalid
from posture.fleet.models import Environment
from posture.history.actions import differences, record
from posture.images.choices import SignerKind
from posture.images.models import TrustedSigner
from scanners.signatures.keys import UnusableKeyError, key_id, read_public_key

MOST_PATTERNS = 50
SHORTEST_SUBJECT = 4  # letters and digits of a pattern: fewer would trust whomever the issuer knows
_FIELDS = ("name", "kind", "public_key", "issuer", "subject", "repositories")
_KEEP: Any = object()  # what is not given stays, where None is a value


@transaction.atomic
def create_signer(
    *,
    name: str,
    environment: Environment | None = None,
    public_key: str = "",
    issuer: str = "",
    subject: str = "",
    repositories: Sequence[str] = (),
    by: User | None = None,
) -> TrustedSigner:
    """A signer with a public key, or with issuer and subject. Raises Invalid naming each field that is not acceptable.

    Images are judged again by `collection.image_trust.judge_all`, which the caller calls after.
    """
    signer = TrustedSigner(environment=environment)
    _put(signer, name=name, public_key=public_key, issuer=issuer, subject=subject, repositories=repositories)
    _check(signer)
    _save(signer)
    _record(signer, "created", differences({}, _seen(signer)), by)
    return signer


@transaction.atomic
def update_signer(
    *,
    signer: TrustedSigner,
    name: str | None = None,
    environment: Environment | None = _KEEP,
    public_key: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
    repositories: Sequence[str] | None = None,
    by: User | None = None,
) -> TrustedSigner:
    """Changes what is given; no environment (None) means every one. Judging images again is the caller's, as above."""
    signer = TrustedSigner.objects.select_for_update(of=("self",)).get(pk=signer.pk)
    before = _seen(signer)
    if environment is not _KEEP:
        signer.environment = environment
    _put(signer, name=name, public_key=public_key, issuer=issuer, subject=subject, repositories=repositories)
    _check(signer)
    if changes := differences(before, _seen(signer)):
        _save(signer)
        _record(signer, "changed", changes, by)
    return signer


@transaction.atomic
def delete_signer(*, signer: TrustedSigner, by: User | None = None) -> None:
    """Believe it no longer. Judging images again is the caller's, as above."""
    seen, pk = _seen(signer), signer.pk
    signer.delete()
    record(
        verb="deleted",
        obj=pk,
        object_kind="trusted_signer",
        object_name=signer.name,
        changes=differences(seen, dict.fromkeys(seen)),
        actor=by,
    )


def _put(
    signer: TrustedSigner,
    *,
    name: str | None,
    public_key: str | None,
    issuer: str | None,
    subject: str | None,
    repositories: Sequence[str] | None,
) -> None:
    if name is not None:
        signer.name = name.strip()
    if public_key is not None:
        text = public_key.replace("\r\n", "\n").strip()
        signer.public_key = text and text + "\n"
    if issuer is not None:
        signer.issuer = issuer.strip()
    if subject is not None:
        signer.subject = subject.strip()
    if repositories is not None:
        signer.repositories = sorted({pattern.strip() for pattern in repositories} - {""})
    signer.kind = SignerKind.KEY if signer.public_key else SignerKind.IDENTITY


def _check(signer: TrustedSigner) -> None:
    errors: dict[str, list[str]] = {}
    signer.key_id = ""
    if signer.public_key:
        try:
            signer.key_id = key_id(read_public_key(signer.public_key))
        except UnusableKeyError as error:
            errors["public_key"] = [str(error)]
        for field in ("issuer", "subject"):
            if getattr(signer, field):
                errors[field] = ["A signer is a key or an identity, not both."]
    elif not signer.issuer and not signer.subject:
        errors["public_key"] = ["Give a public key, or an identity's issuer and subject."]
    else:
        errors |= _identity_errors(signer)
    if len(signer.repositories) > MOST_PATTERNS:
        errors["repositories"] = [f"At most {MOST_PATTERNS} patterns."]
    try:
        # Uniqueness is the database's to say: see `_save`.
        signer.clean_fields(exclude={"environment", "key_id", *errors})
    except ValidationError as error:
        errors |= error.message_dict
    if "name" not in errors and not signer.name.isprintable():
        errors["name"] = ["A name has no control characters."]
    if errors:
        raise Invalid(f"Not accepted: {', '.join(errors)}.", title="Some values are not valid", errors=errors)


def _identity_errors(signer: TrustedSigner) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not signer.issuer:
        errors["issuer"] = [
            "Say who vouches for the identity, as in https://token.actions.githubusercontent.com."
        ]
    elif "*" in signer.issuer or not signer.issuer.startswith("https://"):
        errors["issuer"] = ["An issuer is one address that begins with https://, not a pattern."]
    if sum(character.isalnum() for character in signer.subject) < SHORTEST_SUBJECT:
        errors["subject"] = [
            "Name the identity: an address, or a workflow's URL, as in https://github.com/our-company/*."
        ]
    return errors


def _seen(signer: TrustedSigner) -> dict[str, Any]:
    return {field: getattr(signer, field) for field in _FIELDS} | {
        "environment": None if signer.environment is None else signer.environment.slug
    }


def _save(signer: TrustedSigner) -> None:
    try:
        with transaction.atomic():
            signer.save()
    except IntegrityError:
        raise Invalid(
            "Not accepted: name.", errors={"name": "There is a trusted signer with this name already."}
        ) from None


def _record(signer: TrustedSigner, verb: str, changes: Mapping[str, Any], by: User | None) -> None:
    record(
        verb=verb,
        obj=signer,
        object_kind="trusted_signer",
        object_name=signer.name,
        changes=changes,
        actor=by,
    )
