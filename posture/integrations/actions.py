"""What people change about what is told: webhooks, digests, the ladder of reminders; each with its entry in the trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from posture.accounts.models import User
from posture.base.problems import Conflict, Invalid, NotAllowed
from posture.base.sealing import CannotDecrypt
from posture.fleet.models import Environment
from posture.history.actions import HIDDEN, differences, record
from posture.integrations import outbox, webhooks
from posture.integrations.choices import Cause
from posture.integrations.digests import next_time
from posture.integrations.models import Digest, Ladder, Message, Webhook
from scanners.records import NodeError
from scanners.webhook_address import parse

DIGESTS_PER_USER = 50
WEBHOOKS = 200


def create_webhook(
    *,
    name: str,
    url: str,
    environment: Environment | None = None,
    causes: Sequence[str] = (),
    is_enabled: bool = True,
    by: User,
) -> tuple[Webhook, str]:
    """Returns the webhook and the key that signs what it is sent, which is shown this once. Raises Invalid."""
    _check_place(environment, by)
    if Webhook.objects.count() >= WEBHOOKS:
        raise Conflict(f"There are {WEBHOOKS} webhooks already.", hint="Delete some that are not used.")
    webhook = Webhook(name=name, environment=environment, causes=list(causes), is_enabled=is_enabled)
    key = webhooks.new_key()
    _seal(webhook, url, key)
    with transaction.atomic():
        _save(webhook)
        _record_webhook(webhook, "created", {}, by, is_sealed=True)
    return webhook, key


def change_webhook(*, webhook: Webhook, by: User, **fields: Any) -> Webhook:
    """Change what is given of name, url, environment, causes and is_enabled. Raises Invalid."""
    url = fields.pop("url", None)
    if "environment" in fields:
        _check_place(fields["environment"], by)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        before = _seen_webhook(webhook)
        for name, value in fields.items():
            setattr(webhook, name, value)
        if url is not None:
            _seal(webhook, url, _target(webhook).key)
        _save(webhook)
        _record_webhook(webhook, "changed", before, by, is_sealed=url is not None)
    return webhook


def renew_key(*, webhook: Webhook, by: User) -> str:
    """Make a new key, which holds from now on; returns it, shown this once."""
    key = webhooks.new_key()
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(of=("self",)).get(pk=webhook.pk)
        _seal(webhook, _target(webhook).url, key)
        webhook.save(update_fields=["sealed"])
        _record_webhook(webhook, "renewed_key", _seen_webhook(webhook), by, is_sealed=True)
    return key


def delete_webhook(*, webhook: Webhook, by: User) -> None:
    """Its digests and what waits for it go with it."""
    with transaction.atomic():
        pk, seen = webhook.pk, _seen_webhook(webhook)
        webhook.delete()
        record(
            verb="deleted",
            obj=pk,
            object_kind="webhook",
            object_name=webhook.name,
            changes=differences(seen, dict.fromkeys(seen)),
            actor=by,
        )


def send_test(*, by: User, at: datetime, webhook: Webhook | None = None) -> Message:
    """A message that shows whether messages arrive: at a webhook, or else at the asker. Raises Conflict."""
    if webhook is None and settings.MAIL_SERVER is None:
        raise Conflict(
            "There is no mail server.", code="no_mail_server", hint="Set PLIMSOLL_SMTP_URL and restart."
        )
    if webhook is None and not by.email:
        raise Conflict("You have no e-mail address.", code="no_address", hint="Give one in your profile.")
    return outbox.put(
        cause=Cause.TEST,
        subject="This is a test",
        text=f"{by.username} asked for this message. Messages of Plimsoll arrive here.\n",
        data={"by": by.username},
        at=at,
        person=None if webhook is not None else by,
        webhook=webhook,
    )


def save_digest(*, digest: Digest, by: User, at: datetime, **fields: Any) -> Digest:
    """Make or change a digest, which is then due at its next time. Raises Invalid for one that the owner has already, and
    NotAllowed to send to a webhook for who does not manage them."""
    is_new = digest.pk is None
    if digest.owner_id != by.pk:
        raise NotAllowed("This digest is somebody else's.", code="not_yours")
    if fields.get("webhook") is not None and not by.may("notifications.change"):
        raise NotAllowed("Your role sends digests to yourself only.", code="webhook_refused")
    if is_new and by.digests.count() >= DIGESTS_PER_USER:
        raise Conflict(
            f"A person may have {DIGESTS_PER_USER} digests.", hint="Delete some that are not used."
        )
    before = {} if is_new else _seen_digest(digest)
    with transaction.atomic():
        for name, value in fields.items():
            setattr(digest, name, value)
        digest.next_at = next_time(digest.frequency, digest.hour, at)
        try:
            with transaction.atomic():
                digest.save()
        except IntegrityError:
            raise Invalid(
                "Not accepted: environment.",
                errors={"environment": "You have a digest of this environment to this receiver already."},
            ) from None
        if changes := differences(before, _seen_digest(digest)):
            _record_digest(digest, digest.pk, "created" if is_new else "changed", changes, by)
    return digest


def delete_digest(*, digest: Digest, by: User) -> None:
    """The owner's, and of whoever manages notifications."""
    if digest.owner_id != by.pk and not by.may("notifications.change"):
        raise NotAllowed("This digest is somebody else's.", code="not_yours")
    with transaction.atomic():
        pk, seen = digest.pk, _seen_digest(digest)
        digest.delete()
        _record_digest(digest, pk, "deleted", differences(seen, dict.fromkeys(seen)), by)


def ladder() -> Ladder:
    """As it stands; off, with its usual days, until somebody sets it."""
    return Ladder.objects.filter(pk=1).first() or Ladder(pk=1)


def set_ladder(*, by: User, at: datetime, **fields: Any) -> Ladder:
    """Change when whom is reminded. Once turned on it is walked at its next hour. Raises Invalid for rungs out of order."""
    with transaction.atomic():
        Ladder.objects.get_or_create(pk=1)
        changed = Ladder.objects.select_for_update().get(pk=1)
        before = {name: getattr(changed, name) for name in fields}
        was_enabled = changed.is_enabled
        for name, value in fields.items():
            setattr(changed, name, value)
        rungs = sorted(changed.rungs.items())
        for (lower, days), (upper, later) in zip(rungs, rungs[1:], strict=False):
            if later < days:
                raise Invalid(
                    f"Not accepted: {upper.name.lower()}_days.",
                    errors={
                        f"{upper.name.lower()}_days": f"It comes before the rung of the {lower.name.lower()}."
                    },
                )
        if changed.is_enabled and not rungs:
            raise Invalid("Not accepted: owner_days.", errors={"owner_days": "Give at least one rung."})
        if changed.is_enabled and not was_enabled:
            changed.walked_at = at
        changed.save()
        if changes := differences(before, fields):
            record(
                verb="changed",
                obj=changed,
                object_kind="reminders",
                object_name="reminders",
                changes=changes,
                actor=by,
            )
    return changed


def _check_place(environment: Environment | None, by: User) -> None:
    limits = by.environment_ids()
    if limits is not None and (environment is None or environment.pk not in limits):
        raise Invalid(
            "Not accepted: environment.", errors={"environment": "Name one of the environments that you see."}
        )


def _target(webhook: Webhook) -> webhooks.Target:
    try:
        return webhooks.unseal(webhook)
    except CannotDecrypt as error:
        raise Conflict(
            f"The stored address of {webhook.name} cannot be decrypted: {error}",
            code="cannot_decrypt",
            hint="Bring the key back, or remove the webhook and make it anew.",
        ) from None


def _seal(webhook: Webhook, url: str, key: str) -> None:
    try:
        address = parse(url, allow_plaintext=settings.WEBHOOKS_ALLOW_PLAINTEXT)
    except NodeError as error:
        raise Invalid("Not accepted: url.", errors={"url": f"{error.message} {error.hint}"}) from None
    webhook.origin = address.origin[:300]
    webhook.sealed = webhooks.seal(webhooks.Target(url=url, key=key))


def _save(webhook: Webhook) -> None:
    try:
        with transaction.atomic():
            webhook.save()
    except IntegrityError:
        raise Invalid("Not accepted: name.", errors={"name": "There is a webhook with this name."}) from None


def _seen_webhook(webhook: Webhook) -> dict[str, Any]:
    return {
        "name": webhook.name,
        "origin": webhook.origin,
        "environment": None if webhook.environment is None else webhook.environment.slug,
        "causes": sorted(webhook.causes),
        "is_enabled": webhook.is_enabled,
    }


def _record_webhook(
    webhook: Webhook, verb: str, before: dict[str, Any], by: User, *, is_sealed: bool
) -> None:
    changes = differences(before, _seen_webhook(webhook))
    if is_sealed:
        changes["credential"] = [HIDDEN, HIDDEN]
    if changes:
        record(
            verb=verb,
            obj=webhook,
            object_kind="webhook",
            object_name=webhook.name,
            changes=changes,
            actor=by,
        )


def _seen_digest(digest: Digest) -> dict[str, Any]:
    return {
        "owner": digest.owner.username,
        "webhook": None if digest.webhook is None else digest.webhook.name,
        "environment": None if digest.environment is None else digest.environment.slug,
        "frequency": digest.frequency,
        "hour": digest.hour,
    }


def _record_digest(digest: Digest, pk: int, verb: str, changes: dict[str, Any], by: User) -> None:
    record(verb=verb, obj=pk, object_kind="digest", object_name=str(digest), changes=changes, actor=by)
