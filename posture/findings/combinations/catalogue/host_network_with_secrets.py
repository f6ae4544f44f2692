"""On the host's network, with secrets in its environment."""

from __future__ import annotations

from posture.findings.combinations.examples import facts
from posture.findings.combinations.rule import HOST_NETWORK, SECRETS_IN_ENV, Facts, path, rule
from scanners.records import Severity


@rule(
    title="On the host's network, with secrets in its environment",
    severity=Severity.HIGH,
    rationale="Every port that it opens is the host's, the metadata service of the cloud answers it, and its environment, "
    "which any flaw that reads files gives away, holds secrets.",
    remediation="Give it a network of its own and hand secrets over as files that only it can read.",
    good=[facts(failing=frozenset({HOST_NETWORK})), facts(failing=frozenset({SECRETS_IN_ENV}))],
    bad=[facts(failing=frozenset({HOST_NETWORK, SECRETS_IN_ENV}))],
)
def host_network_with_secrets(f: Facts) -> tuple[str, ...] | None:
    if not {HOST_NETWORK, SECRETS_IN_ENV} <= f.failing:
        return None
    return path(f"the network of {f.host}", f.container, "secrets in its environment")
