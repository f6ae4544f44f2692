"""Images, identified by digest and stored once for the whole fleet, and the hosts that hold them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from posture.base.intervals import Interval, IntervalQuerySet
from posture.images.querysets import ImageQuerySet


class Image(models.Model):
    """What an image is. Its digest fixes all of it, so these columns never change; names are in `Presence`."""

    asset = models.OneToOneField(
        "fleet.Asset", primary_key=True, on_delete=models.CASCADE, related_name="image"
    )
    digest = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    os = models.CharField(max_length=40)
    architecture = models.CharField(max_length=40)
    size_bytes = models.BigIntegerField()
    created_at = models.DateTimeField(null=True)
    user = models.CharField(max_length=120)
    has_healthcheck = models.BooleanField()
    layer_digests = ArrayField(models.CharField(max_length=100), default=list)
    history = models.JSONField(
        null=True
    )  # newest first: [{"created_by", "created_at", "size_bytes"}]; null: not read

    objects = ImageQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(F("size_bytes").desc(), F("asset").desc(), name="image_by_size"),
            models.Index(F("created_at").desc(nulls_last=True), F("asset").desc(), name="image_newest"),
            models.Index(F("created_at").asc(nulls_last=True), F("asset").asc(), name="image_oldest"),
        )

    def __str__(self) -> str:
        return self.digest


class Presence(Interval):
    """An image on a host, under these names, while both stay the same."""

    image = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="presences")
    host = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="held_images")
    references = ArrayField(models.CharField(max_length=500), default=list)
    repo_digests = ArrayField(models.CharField(max_length=600), default=list)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("image", "host"), condition=Q(closed_at__isnull=True), name="one_presence_per_host"
            ),
        )
        indexes = (models.Index(fields=("host", "closed_at"), name="presence_on_host"),)
