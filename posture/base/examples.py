"""Example answers for the API's documentation, made from the serializers, so that they never grow stale."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

# By field name, where a type alone would say little.
BY_NAME: dict[str, Any] = {
    "address": "ssh://plimsoll@alpha.example.net",
    "api_version": "1.51",
    "architecture": "x86_64",
    "coverage": 0.5,
    "created_by": "COPY . /app",
    "digest": "sha256:0f2d5e1c7a3b49688d5c3e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b",
    "email": "ada@example.net",
    "engine_version": "28.3.2",
    "evidence": ["HostConfig.Privileged is true"],
    "fingerprint": "SHA256:3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "image_reference": "registry.example.net/shop/web:2.4.1",
    "kernel_version": "6.12.48",
    "line": 100.0,
    "load": 87.4,
    "memory_bytes": 8_589_934_592,
    "name": "alpha",
    "operating_system": "Debian GNU/Linux 13 (trixie)",
    "points": 90.0,
    "published": ["0.0.0.0:443->8443/tcp"],
    "references": ["registry.example.net/shop/web:2.4.1"],
    "requirements": {"nist-800-190": ["4.4.3"]},
    "slug": "production",
    "title": "Container runs without privileged mode",
    "username": "ada",
}


def example_of(field: Any, *, writing: bool = False, name: str = "") -> Any:
    """A value that the field or serializer could answer with, or (`writing`) accept."""
    if isinstance(field, serializers.ListSerializer):
        return [example_of(field.child, writing=writing)]
    if isinstance(field, serializers.Serializer):
        return {
            key: example_of(child, writing=writing, name=key)
            for key, child in field.fields.items()
            if not (child.read_only if writing else child.write_only)
        }
    if isinstance(field, serializers.ChoiceField):
        return next(iter(field.choices), "")
    if name in BY_NAME and not isinstance(field, serializers.BooleanField):
        return BY_NAME[name]
    if isinstance(field, serializers.ListField):
        return [example_of(field.child, writing=writing)]
    if isinstance(field, serializers.DictField):
        return {"team": "shop"} if isinstance(field.child, serializers.CharField) else {"results": 120}
    return _by_type(field)


def _by_type(field: Any) -> Any:
    if isinstance(field, serializers.BooleanField):
        return False
    if isinstance(field, serializers.IntegerField | serializers.PrimaryKeyRelatedField):
        return 1
    if isinstance(field, serializers.FloatField):
        return 1.0
    if isinstance(field, serializers.DateTimeField):
        return "2026-01-31T12:00:00Z"
    if isinstance(field, serializers.DateField):
        return "2026-01-31"
    if isinstance(field, serializers.CharField):
        return "text"
    return {}
