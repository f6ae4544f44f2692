"""What the API says, and takes, of trusted signers and of an image's signatures."""

from __future__ import annotations

from rest_framework import serializers

from posture.base.serializers import PlainSerializer, Serializer
from posture.fleet.models import Environment
from posture.fleet.serializers import EnvironmentRefSerializer, NodeRefSerializer
from posture.images.actions import MOST_PATTERNS
from posture.images.choices import SignatureOutcome, SignerKind
from scanners.signatures.records import SignatureKind

_LONGEST_PEM = 16 * 1024


class TrustedSignerSerializer(Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=SignerKind.choices)
    environment = EnvironmentRefSerializer(
        allow_null=True, help_text="Where it is trusted; null: in every environment."
    )
    public_key = serializers.CharField(help_text="PEM; empty for an identity.")
    key_id = serializers.CharField(help_text="SHA-256 of the key's DER, hex; empty for an identity.")
    issuer = serializers.CharField()
    subject = serializers.CharField()
    repositories = serializers.ListField(
        child=serializers.CharField(), help_text="Patterns of what it may sign; none: every repository."
    )
    created_at = serializers.DateTimeField()


class TrustedSignerWriteSerializer(serializers.Serializer):
    """Somebody to believe: a public key, or an identity that an issuer vouches for."""

    name = serializers.CharField(max_length=120)
    environment = serializers.PrimaryKeyRelatedField(
        queryset=Environment.objects.all(),
        required=False,
        allow_null=True,
        help_text="An id; null: trusted in every environment.",
    )
    public_key = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=_LONGEST_PEM,
        trim_whitespace=False,
        help_text="PEM. ECDSA on P-256 or P-384, RSA of 2048 bits or more, or Ed25519.",
    )
    issuer = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Who vouches, exactly, as in https://token.actions.githubusercontent.com.",
    )
    subject = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Whom: an address or a workflow's URL; * stands for anything.",
    )
    repositories = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        max_length=MOST_PATTERNS,
        help_text="Patterns of full names, as in registry.example/shop/*.",
    )


class SignatureSerializer(PlainSerializer):
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in SignatureKind])
    signer = serializers.CharField(help_text="The trusted signer's name when verified, else what it claims.")
    key_id = serializers.CharField()
    verified = serializers.BooleanField()
    reason = serializers.CharField()
    issuer = serializers.CharField()
    subject = serializers.CharField()
    predicate_type = serializers.CharField(help_text="Of an attestation.")
    signed_at = serializers.DateTimeField(allow_null=True)
    is_vouching = serializers.BooleanField(
        help_text="Whether it says that the image is theirs; an attestation of something else does not."
    )


class ProvenanceSerializer(PlainSerializer):
    predicate_type = serializers.CharField()
    builder = serializers.CharField()
    build_type = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    revision = serializers.CharField()
    built_at = serializers.DateTimeField(allow_null=True)
    signer = serializers.CharField(help_text="Empty: nobody signed it.")
    verified = serializers.BooleanField()


class EnvironmentSignaturesSerializer(Serializer):
    """What the signatures come to under whom one environment trusts."""

    environment = EnvironmentRefSerializer(
        allow_null=True, help_text="Null: by those who are trusted in every environment."
    )
    outcome = serializers.ChoiceField(choices=SignatureOutcome.choices)
    reason = serializers.CharField()
    signers = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField(source="opened_at")
    signatures = SignatureSerializer(many=True)
    provenance = ProvenanceSerializer(many=True)


class SignatureSourceSerializer(Serializer):
    """A registry that was asked."""

    node = NodeRefSerializer(allow_null=True, help_text="Null: gone, or not yours to see.")
    name = serializers.CharField(source="known_as", help_text="The name that it was looked up by.")
    problem = serializers.CharField(help_text="Why nothing could be read; empty when it was.")
    since = serializers.DateTimeField(source="opened_at", help_text="Since when it says the same.")
    checked_at = serializers.DateTimeField(allow_null=True, help_text="When it was last read.")


class ImageSignaturesSerializer(Serializer):
    """An image's signatures. `outcome` is the least favourable of the environments that you may see."""

    outcome = serializers.ChoiceField(choices=SignatureOutcome.choices)
    reason = serializers.CharField()
    environments = EnvironmentSignaturesSerializer(many=True)
    sources = SignatureSourceSerializer(many=True)
