"""Who changed what: an append-only, hash-chained trail."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from posture.history.querysets import EntryQuerySet


class Entry(models.Model):
    """One change. `hash` covers the entry and the hash before it; the database refuses UPDATE and DELETE."""

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)  # user, token, system
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=80)
    object_name = models.CharField(max_length=300)
    changes = models.JSONField(default=dict)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=40, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("object_kind", "object_id", "-id"), name="history_of_object"),)

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.object_kind} {self.object_name}"
