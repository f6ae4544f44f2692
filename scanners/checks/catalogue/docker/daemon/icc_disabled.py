from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.icc-disabled",
    title="No free traffic between containers on the default bridge",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "On the default bridge every container reaches every other one, which helps an attacker to move "
        "sideways."
    ),
    remediation=(
        'Set "icc": false in daemon.json, restart the engine and use user-defined networks per application.'
    ),
    good=[engine(), engine(default_bridge_exists=False)],
    bad=[
        engine(default_bridge_options={"com.docker.network.bridge.enable_icc": "true"}),
        engine(default_bridge_options={}),
    ],
)
def icc_disabled(facts: EngineFacts) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman has no default bridge of the Docker kind")
    if facts.default_bridge_exists is None:
        return not_measured("the network bridge could not be read")
    if not facts.default_bridge_exists:
        return passed("there is no network bridge")
    value = facts.default_bridge_options.get("com.docker.network.bridge.enable_icc")
    if value == "false":
        return passed()
    return failed(f"network bridge: enable_icc is {value or 'not set'}")
