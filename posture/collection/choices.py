"""Enumerations of uploads."""

from django.db import models


class UploadState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    IMPORTED = "imported", "Imported"
    UNCHANGED = "unchanged", "Nothing new"
    PARTIAL = "partial", "Partly read"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class UploadSource(models.TextChoices):
    """How a report came in."""

    UPLOAD = "upload", "Browser or API"
    COMMAND = "command", "Command line"
    FOLDER = "folder", "Drop folder"


ACTIVE_UPLOADS = (UploadState.QUEUED, UploadState.RUNNING)
