"""Images, identified by digest and stored once for the whole fleet, the hosts that hold them, and who signed them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from posture.base.intervals import Interval, IntervalQuerySet
from posture.images import choices
from posture.images.querysets import ImageQuerySet, ImageSignatureQuerySet, TrustedSignerQuerySet


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


class TrustedSigner(models.Model):
    """Whom to believe: a public key, or an identity that an issuer vouches for. Trusted in one environment, or in all."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=choices.SignerKind.choices)
    environment = models.ForeignKey(
        "fleet.Environment", null=True, blank=True, on_delete=models.CASCADE, related_name="trusted_signers"
    )
    public_key = models.TextField(blank=True)  # PEM; "" for an identity
    key_id = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256 of its DER, hex
    issuer = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=500, blank=True)  # a shell pattern
    repositories = ArrayField(models.CharField(max_length=300), default=list, blank=True)  # shell patterns
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TrustedSignerQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ImageEvidence(Interval):
    """What one registry keeps beside an image: one row while that stays the same, or while there is a reason why not.

    `fingerprint` is that of the document, "" when `problem` says why nothing could be read. `known_as` is the name that
    it was looked up by.
    """

    image = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="signature_evidence")
    node = models.ForeignKey("fleet.Node", null=True, on_delete=models.SET_NULL, related_name="+")
    known_as = models.CharField(max_length=600)
    fingerprint = models.CharField(max_length=64, blank=True)
    problem = models.CharField(max_length=500, blank=True)

    objects = IntervalQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("image", "node"), condition=Q(closed_at__isnull=True), name="one_evidence_per_node"
            ),
        )
        indexes = (
            models.Index(fields=("image", "opened_at"), name="image_evidence_history"),
            models.Index(
                fields=("node",), condition=Q(closed_at__isnull=True), name="image_evidence_of_node"
            ),
        )


class ImageSignature(Interval):
    """What an image's signatures come to in one environment that holds it, and (null) by those trusted everywhere.

    One row while it stays so. Images that no registry was asked for have none: they are not measured.
    """

    image = models.ForeignKey("fleet.Asset", on_delete=models.CASCADE, related_name="signatures")
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="image_signatures"
    )
    outcome = models.CharField(max_length=12, choices=choices.SignatureOutcome.choices)
    reason = models.CharField(max_length=1000, blank=True)
    signers = ArrayField(models.CharField(max_length=120), default=list)
    signatures = models.JSONField(default=list)  # `scanners.signatures.records.Signature`, without provenance
    provenance = models.JSONField(default=list)  # `Provenance` with "signer" and "verified"

    objects = ImageSignatureQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("image", "environment"),
                condition=Q(closed_at__isnull=True),
                nulls_distinct=False,
                name="one_signature_outcome",
            ),
        )
        indexes = (models.Index(fields=("image", "opened_at"), name="image_signature_history"),)


class JudgedPolicy(models.Model):
    """The one row that says under which policy (signers, what environments demand) all images were last judged."""

    fingerprint = models.CharField(max_length=64)
    judged_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint
