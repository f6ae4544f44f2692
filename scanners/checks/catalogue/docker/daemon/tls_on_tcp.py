import re

from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity

OPEN_LISTENER = re.compile(
    r"API is accessible on (?P<scheme>https?)://(?P<address>\S+?)"
    r"(?: without (?:encryption|TLS client verification))?(?=[.\s]|$)"
)
LOOPBACK = re.compile(r"127\.|localhost|\[?::1\]?")


@check(
    id="docker.daemon.tls-on-tcp",
    title="TCP access to the engine needs mutual TLS",
    severity=Severity.CRITICAL,
    subject=EngineFacts,
    rationale="An engine port without client certificates gives root on the host to everyone who reaches it.",
    remediation=(
        "Remove the tcp:// host and use the socket or SSH; where TCP is needed set tlsverify with own CA "
        "and restrict the port by firewall."
    ),
    good=[engine()],
    bad=[
        engine(warnings=("WARNING: API is accessible on http://0.0.0.0:2375 without encryption.",)),
        engine(
            warnings=("WARNING: API is accessible on https://0.0.0.0:2376 without TLS client verification.",)
        ),
    ],
    waits_for="the host probe",
)
def tls_on_tcp(facts: EngineFacts) -> Verdict:
    open_listeners = [match for line in facts.warnings if (match := OPEN_LISTENER.search(line))]
    if not open_listeners:
        return not_measured("needs the host probe: the daemon's listeners; the engine warns of none")
    lines = [f"Warnings: {match[0]}" for match in open_listeners]
    only_loopback = all(LOOPBACK.match(match["address"]) for match in open_listeners)
    return failed(*lines, severity=Severity.HIGH if only_loopback else None)
