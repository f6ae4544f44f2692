"""Enumerations of packages and vulnerabilities. Numbers are what the database stores."""

from __future__ import annotations

from django.db import models

from scanners.reported import FixStatus, VexStatus


class ScanState(models.TextChoices):
    """How the newest attempt to learn of an image by one tool ended."""

    DONE = "done", "Scanned"
    PARTIAL = "partial", "Partly read"
    FAILED = "failed", "Not scanned"


class FeedKind(models.TextChoices):
    """What a feed's file holds, and so who reads it."""

    OSV = "osv", "Advisories (OSV)"
    KEV = "kev", "Known exploited vulnerabilities (CISA KEV)"
    EPSS = "epss", "Likelihood of exploitation (EPSS)"


class VexChoices(models.TextChoices):
    """What a VEX document says of a vulnerability in a product."""

    NOT_AFFECTED = VexStatus.NOT_AFFECTED.value, "Not affected"
    AFFECTED = VexStatus.AFFECTED.value, "Affected"
    FIXED = VexStatus.FIXED.value, "Fixed"
    UNDER_INVESTIGATION = VexStatus.UNDER_INVESTIGATION.value, "Under investigation"


class JobState(models.TextChoices):
    """Where one of our own tools stands with one image."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Scanned"
    FAILED = "failed", "Not scanned"  # and tried again, when its next time is known


class ImageScanState(models.TextChoices):
    """What all tools together say of whether an image was looked into."""

    NONE = "none", "No tool looks at it"
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Scanned"
    PARTLY = "partly", "Partly scanned"  # by one tool, while another failed
    FAILED = "failed", "Not scanned"


class JobPriority(models.IntegerChoices):
    """Which image goes first: the lowest number."""

    ASKED = 0, "A person asked"
    EXPOSED = 1, "Running, with a port on every address"
    RUNNING = 2, "Running"
    REST = 3, "Not running"


class Use(models.IntegerChoices):
    """Whether a package of an image was seen loaded in a running container of it."""

    NOT_MEASURED = 0, "Not measured"
    NOT_SEEN = 1, "Not seen in use"
    SEEN = 2, "Seen in use"

    @property
    def word(self) -> str:
        """How addresses and answers write it."""
        return self.name.lower()


USE_CHOICES = [(use.word, str(use.label)) for use in reversed(Use)]


FIX_STATUSES: tuple[FixStatus, ...] = (
    FixStatus.UNKNOWN,
    FixStatus.FIXED,
    FixStatus.AFFECTED,
    FixStatus.WILL_NOT_FIX,
    FixStatus.FIX_DEFERRED,
    FixStatus.END_OF_LIFE,
    FixStatus.UNDER_INVESTIGATION,
    FixStatus.NOT_AFFECTED,
)
FIX_NUMBER: dict[FixStatus, int] = {status: number for number, status in enumerate(FIX_STATUSES)}
FIX_LABELS: dict[FixStatus, str] = {
    FixStatus.UNKNOWN: "Not known",
    FixStatus.FIXED: "Fixed version exists",
    FixStatus.AFFECTED: "No fix yet",
    FixStatus.WILL_NOT_FIX: "Will not be fixed",
    FixStatus.FIX_DEFERRED: "Fix deferred",
    FixStatus.END_OF_LIFE: "End of life",
    FixStatus.UNDER_INVESTIGATION: "Under investigation",
    FixStatus.NOT_AFFECTED: "Not affected",
}
FIX_CHOICES = [(status.value, FIX_LABELS[status]) for status in FIX_STATUSES]
