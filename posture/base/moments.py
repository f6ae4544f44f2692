"""Days, and `as_of`: the past moment that a list shows, as given in the address."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError as Invalid

# Clocks of browsers run ahead of ours by a little; what they call now is not the future.
CLOCK_TOLERANCE = timedelta(seconds=5)


def start_of(day: date) -> datetime:
    """The first moment of a day, which is one in UTC everywhere."""
    return datetime.combine(day, time(), UTC)


def parse_moment(text: str | None) -> datetime | None:
    """None (now) for no text. Raises Invalid for anything but a past RFC 3339 date and time with its offset."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        if moment is None or moment.tzinfo is None or "T" not in text.upper():
            raise ValueError
        now = timezone.now()
        if moment > now + CLOCK_TOLERANCE:
            raise Invalid({"as_of": ["This moment has not come yet: give one in the past."]})
        return moment.astimezone(now.tzinfo)
    except (ValueError, OverflowError) as error:
        hint = " A plus sign is written %2B in an address." if " " in text else ""
        raise Invalid(
            {
                "as_of": [
                    f"Give date and time with offset as in RFC 3339, for example 2026-01-31T12:00:00Z.{hint}"
                ]
            }
        ) from error
