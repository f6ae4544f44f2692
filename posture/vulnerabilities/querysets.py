"""Words for reading what is known of vulnerabilities, and of the scans that find them."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models

from posture.vulnerabilities.choices import JobState


class ScanJobQuerySet(models.QuerySet):
    def due(self, now: datetime) -> Self:
        """Those that may run now."""
        return self.filter(state__in=(JobState.WAITING, JobState.FAILED), next_try_at__lte=now)

    def lost(self, now: datetime) -> Self:
        """Those that run no longer, because their worker is gone."""
        return self.filter(state=JobState.RUNNING, lease_until__lt=now)
