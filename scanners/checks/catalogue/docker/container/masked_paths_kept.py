from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container
from scanners.checks.security_options import option_values
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.masked-paths-kept",
    title="Kernel paths stay masked",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="Masked and read-only paths hide kernel memory, keys and switches.",
    remediation="Remove systempaths=unconfined.",
    good=[container(), container(masked_paths=("/proc/kcore",), readonly_paths=("/proc/bus",))],
    bad=[
        container(masked_paths=()),
        container(readonly_paths=()),
        container(security_options=("systempaths=unconfined",)),
        container(security_options=("unmask=ALL",)),
        container(privileged=True),
    ],
)
def masked_paths_kept(facts: ContainerFacts) -> Verdict:
    if "unconfined" in option_values(facts, "systempaths"):
        return failed("HostConfig.SecurityOpt has systempaths=unconfined")
    unmasked = option_values(facts, "unmask")  # Podman's way to say it
    if unmasked:
        return failed(f"HostConfig.SecurityOpt has unmask={unmasked[-1]}")
    if facts.privileged:
        return failed("HostConfig.Privileged is true, which unmasks every path")
    lines = []
    if facts.masked_paths == ():
        lines.append("HostConfig.MaskedPaths is an empty list")
    if facts.readonly_paths == ():
        lines.append("HostConfig.ReadonlyPaths is an empty list")
    return failed(*lines) if lines else passed()
