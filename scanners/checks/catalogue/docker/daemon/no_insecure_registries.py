import ipaddress

from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


def _is_loopback(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).is_loopback
    except ValueError:
        return False


@check(
    id="docker.daemon.no-insecure-registries",
    title="No insecure registries configured",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="Images pulled without TLS or with unknown certificates can be read or replaced on the way.",
    remediation=(
        "Give the registry a valid certificate, place its CA under /etc/docker/certs.d/<registry>/ca.crt "
        "and remove insecure-registries."
    ),
    good=[engine(), engine(insecure_registry_cidrs=("127.0.0.0/8", "::1/128"))],
    bad=[
        engine(insecure_registry_cidrs=("127.0.0.0/8", "10.0.0.0/8")),
        engine(insecure_registries=("registry.local:5000",)),
    ],
)
def no_insecure_registries(facts: EngineFacts) -> Verdict:
    lines = [
        f"RegistryConfig.InsecureRegistryCIDRs has {cidr}"
        for cidr in facts.insecure_registry_cidrs
        if not _is_loopback(cidr)
    ]
    lines += [f"RegistryConfig.IndexConfigs: {name} is not secure" for name in facts.insecure_registries]
    return failed(*lines) if lines else passed()
