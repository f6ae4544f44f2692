"""Reports that were sent to us: what came of each, and its content until a worker has read it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from posture.base.trigrams import Trigrams
from posture.collection.choices import ACTIVE_UPLOADS, UploadSource, UploadState
from posture.collection.querysets import UploadQuerySet


class Upload(models.Model):
    """One file. `about` is the image or host that whoever sent it says it is about; null when the report says so itself."""

    file_name = models.CharField(max_length=300)
    size_bytes = models.BigIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the file as sent
    source = models.CharField(max_length=20, choices=UploadSource.choices)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    about = models.ForeignKey(
        "fleet.Asset", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=20, choices=UploadState.choices, default=UploadState.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    attempts = models.IntegerField(default=0)
    reader = models.CharField(max_length=200, blank=True)
    images = models.IntegerField(default=0)
    findings = models.IntegerField(default=0)
    opened = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    resolved = models.IntegerField(default=0)
    statements = models.IntegerField(default=0)  # of VEX
    skipped = models.JSONField(default=list)  # [{"kind", "where", "reason"}], bounded
    skipped_total = models.IntegerField(default=0)
    error = models.CharField(max_length=1000, blank=True)
    uploaded_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # when it was last handed to the workers
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=("state", "-id"), name="upload_by_state"),
            models.Index(fields=("id",), condition=Q(state__in=ACTIVE_UPLOADS), name="upload_active"),
            models.Index(F("size_bytes").desc(), F("id").desc(), name="upload_by_size"),
            GinIndex(Trigrams("file_name"), name="upload_name_trigrams"),
        )

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_UPLOADS


class UploadPart(models.Model):
    """A piece of an upload's content, compressed by zlib; there until the upload has ended."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("upload", "number"), name="one_part_per_number"),)

    def __str__(self) -> str:
        return f"part {self.number} of upload {self.upload_id}"
