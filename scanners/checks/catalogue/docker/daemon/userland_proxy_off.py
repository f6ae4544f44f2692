from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.docker_host import is_on, settings_of
from scanners.checks.host_examples import probed, setting
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="docker.daemon.userland-proxy-off",
    title="Userland proxy disabled",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale=(
        "Hairpin NAT makes the extra proxy process unnecessary, and one process less is one target less."
    ),
    remediation='Set "userland-proxy": false after testing local and IPv6 access.',
    good=[
        probed(),
        setting("userland-proxy", "false"),
    ],
    bad=[
        setting("userland-proxy", None),
        setting("userland-proxy", True),
    ],
    evidence_source="Host probe",
)
def userland_proxy_off(facts: HostFacts) -> Verdict:
    settings = settings_of(facts, "userland-proxy")
    if isinstance(settings, Verdict):
        return settings
    value = settings.get("userland-proxy")
    if not is_on(value, default=True):
        return passed("userland-proxy is false")
    return failed(
        "userland-proxy is true" if value is not None else "userland-proxy is not set, which means true"
    )
