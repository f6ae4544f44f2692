"""What may be written about nodes, environments and enrolment. A credential is accepted here and never shown."""

from __future__ import annotations

from rest_framework import serializers

from posture.fleet.choices import DataClass, NodeKind
from posture.fleet.enrolment import DEFAULT_SECONDS, LONGEST_SECONDS, SHORTEST_SECONDS
from posture.fleet.models import Environment

_LONGEST_PEM = 64 * 1024


class _PemField(serializers.CharField):
    def __init__(self) -> None:
        super().__init__(
            required=False, allow_blank=True, max_length=_LONGEST_PEM, trim_whitespace=False, write_only=True
        )


class CredentialSerializer(serializers.Serializer):
    """What opens a node. Parts that are not sent stay as they are; a part sent as "" is removed."""

    ca_certificate = _PemField()
    client_certificate = _PemField()
    client_key = _PemField()
    ssh_private_key = _PemField()
    ssh_passphrase = serializers.CharField(
        required=False, allow_blank=True, max_length=1024, trim_whitespace=False, write_only=True
    )
    ssh_host_key = serializers.CharField(required=False, allow_blank=True, max_length=4096, write_only=True)
    token = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=512,
        write_only=True,
        help_text="Bearer token of a host probe that runs as an agent.",
    )
    username = serializers.CharField(
        required=False, allow_blank=True, max_length=256, write_only=True, help_text="Of a registry."
    )
    password = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=16_384,
        trim_whitespace=False,
        write_only=True,
        help_text="Of a registry: a password, or the access token that stands in for it.",
    )


class LimitsSerializer(serializers.Serializer):
    """What one pull may take from the node."""

    seconds = serializers.IntegerField(required=False, min_value=1, max_value=3600)
    bytes = serializers.IntegerField(required=False, min_value=65_536, max_value=8 * 1024**3)
    items = serializers.IntegerField(required=False, min_value=1, max_value=200_000)


class NodeWriteSerializer(serializers.Serializer):
    """A node as it is registered or changed. `environment` is an id."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=NodeKind.choices, required=False)
    address = serializers.CharField(max_length=400)
    environment = serializers.PrimaryKeyRelatedField(queryset=Environment.objects.all())
    labels = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True), required=False
    )
    interval_seconds = serializers.IntegerField(required=False, min_value=30, max_value=7 * 86400)
    limits = LimitsSerializer(required=False)
    credential = CredentialSerializer(required=False, write_only=True)
    allow_plaintext = serializers.BooleanField(required=False)
    use_sudo = serializers.BooleanField(required=False, help_text="Run the host probe as root, over ssh://.")
    reads_host = serializers.BooleanField(
        required=False, help_text="Probe the host of an engine over the same ssh:// connection."
    )


class NodeChangeSerializer(NodeWriteSerializer):
    """A change of a node: what is not sent stays. Its kind cannot change."""

    kind = None  # type: ignore[assignment]


class EnrolmentTokenWriteSerializer(serializers.Serializer):
    """A token with which one host may become a node of `environment` (an id), with these labels."""

    environment = serializers.PrimaryKeyRelatedField(queryset=Environment.objects.all())
    name = serializers.CharField(max_length=100, help_text="What it is for.")
    expires_in_seconds = serializers.IntegerField(
        required=False, min_value=SHORTEST_SECONDS, max_value=LONGEST_SECONDS, default=DEFAULT_SECONDS
    )
    labels = serializers.DictField(
        child=serializers.CharField(max_length=200, allow_blank=True), required=False
    )


class EnrolSerializer(serializers.Serializer):
    """What `plimsoll-probe enrol` says of its host. Limits are those of a node."""

    token = serializers.CharField(write_only=True, max_length=500)
    name = serializers.CharField()
    address = serializers.CharField(help_text="Where the agent listens: https://host:7443.")
    certificate = serializers.CharField(
        trim_whitespace=False, help_text="What the agent shows, or the CA that signed it, in PEM."
    )
    bearer = serializers.CharField(
        write_only=True, max_length=512, help_text="What the agent wants to be shown in return."
    )
    host = serializers.CharField(
        max_length=200,
        allow_null=True,
        help_text="The host's id, as its document has it; null without a machine-id.",
    )
    probe_version = serializers.CharField(max_length=40)


class EnvironmentWriteSerializer(serializers.Serializer):
    """An environment; without a slug one is made of its name. `line` is the load that its owners accept."""

    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(max_length=60, required=False)
    description = serializers.CharField(max_length=500, allow_blank=True, required=False)
    line = serializers.FloatField(required=False, min_value=1.0, max_value=10_000.0)
    data_classes = serializers.ListField(
        child=serializers.ChoiceField(choices=DataClass.choices), required=False, max_length=10
    )
    requires_approval = serializers.BooleanField(
        required=False, help_text="A second person has to agree to decisions that hide findings here."
    )
    requires_signatures = serializers.BooleanField(
        required=False, help_text="An image that runs here and is signed by nobody trusted is a finding."
    )
    allowed_registries = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        allow_null=True,
        max_length=100,
        help_text="Where images that run here may come from: hosts, or host/path prefixes. Empty allows nothing; "
        "null asks a person.",
    )
