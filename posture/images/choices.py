"""Enumerations of images, with declared order; `/api/v1/meta` serves them to the UI."""

from django.db import models


class SignatureOutcome(models.TextChoices):
    """What the signatures of an image come to in one environment (`scanners.signatures.records.SignatureOutcome`)."""

    VERIFIED = "verified", "Verified"
    UNTRUSTED = "untrusted", "Signed, not trusted"
    UNSIGNED = "unsigned", "Unsigned"
    NOT_MEASURED = "not_measured", "Not measured"


class SignerKind(models.TextChoices):
    KEY = "key", "Public key"
    IDENTITY = "identity", "Identity"
