"""Facts to begin examples with."""

from __future__ import annotations

from typing import Any

from posture.findings.combinations.rule import Facts, Flaw
from scanners.records import Severity


def facts(**changes: Any) -> Facts:
    """A container that nothing is wrong with."""
    return Facts(**{"container": "web", "host": "host-3", "image": "shop/web:1.0", **changes})


def flaw(**changes: Any) -> Flaw:
    """A critical vulnerability of which nothing more is known."""
    values = {"key": "CVE-2024-0001", "package": "libssl3 3.0.1", "severity": Severity.CRITICAL}
    return Flaw(**{**values, **changes})


OPEN = {"published": ("0.0.0.0:8080->80/tcp",)}
