from scanners.checks.check import Verdict, check, failed, manual, not_applicable, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Severity


@check(
    id="docker.daemon.authz-plugin",
    title="Authorisation plugin limits engine commands",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "Without a plugin every client that may connect may do everything, including mounting the host."
    ),
    remediation=(
        "Install an authorisation plugin such as opa-docker-authz, configure its policy and name it in "
        "authorization-plugins."
    ),
    good=[engine(authorization_plugins=("opa",))],
    bad=[engine(authorization_plugins=())],
)
def authz_plugin(facts: EngineFacts) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman has no authorisation plugins")
    if facts.authorization_plugins:
        return passed(f"Plugins.Authorization has {', '.join(facts.authorization_plugins)}")
    if facts.is_rootless:
        return manual(
            "Plugins.Authorization is empty; fine for a rootless engine that one service account uses"
        )
    return failed("Plugins.Authorization is empty")
