"""When digests go out. What they say is gathered by `collection.digests`, which may ask every app."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from posture.integrations.choices import Frequency
from posture.integrations.ladder import first_after
from posture.integrations.models import Digest

_MONDAY, _SATURDAY = 0, 5
FIRST_LOOKS_BACK = timedelta(days=1)


def next_time(frequency: str, hour: int, after: datetime) -> datetime:
    """The first time that a digest of this frequency is due after a moment."""
    then = first_after(after, hour)
    while not _goes_out(frequency, then.weekday()):
        then += timedelta(days=1)
    return then


def _goes_out(frequency: str, weekday: int) -> bool:
    if frequency == Frequency.WEEKLY:
        return weekday == _MONDAY
    return frequency == Frequency.DAILY or weekday < _SATURDAY


def since(digest: Digest, at: datetime) -> datetime:
    """From when on a digest tells what is new: the one before it."""
    return digest.last_at or at - FIRST_LOOKS_BACK


def due(at: datetime) -> list[int]:
    """Digests whose time has come."""
    rows = Digest.objects.filter(next_at__lte=at, owner__is_active=True).order_by("next_at", "pk")
    return list(rows.values_list("pk", flat=True))


def take(digest_id: int, at: datetime) -> Digest | None:
    """One of them, for the worker that holds its row until the caller's transaction ends; None when another did it."""
    return (
        Digest.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("owner", "webhook", "environment")
        .filter(pk=digest_id, next_at__lte=at)
        .first()
    )


def is_allowed(digest: Digest) -> bool:
    """Whether it may still be sent: the owner's role can have changed, and what the owner sees, or the webhook be off."""
    user, only = digest.owner, digest.environment_id
    sees = only is None or (limits := user.environment_ids()) is None or only in limits
    hook = digest.webhook
    return sees and (hook is None or (hook.is_enabled and user.may("notifications.change")))


@transaction.atomic
def went_out(digest: Digest, at: datetime) -> None:
    """One message for all times that were missed, should nothing have run for days."""
    digest.last_at, digest.next_at = at, next_time(digest.frequency, digest.hour, at)
    digest.save(update_fields=["last_at", "next_at"])
