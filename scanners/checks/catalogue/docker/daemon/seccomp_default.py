from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import engine
from scanners.checks.policy import Policy
from scanners.checks.security_options import engine_offers, engine_option
from scanners.records import EngineFacts, Severity

PODMAN_PROFILES = ("/usr/share/containers/seccomp.json",)


@check(
    id="docker.daemon.seccomp-default",
    title="Seccomp filter active for all containers",
    severity=Severity.HIGH,
    subject=EngineFacts,
    rationale="The default profile blocks dozens of dangerous system calls.",
    remediation=(
        "Remove seccomp-profile from daemon.json or point it to an approved profile; use a kernel with "
        "CONFIG_SECCOMP_FILTER."
    ),
    good=[
        engine(security_options=("name=seccomp,profile=builtin",)),
        engine(security_options=("name=seccomp,profile=default",)),
    ],
    bad=[engine(security_options=("name=seccomp,profile=unconfined",)), engine(security_options=())],
)
def seccomp_default(facts: EngineFacts, policy: Policy) -> Verdict:
    if not engine_offers(facts, "seccomp"):
        return failed("SecurityOptions has no name=seccomp")
    profile = engine_option(facts, "seccomp", "profile") or ""
    # "default" until Docker 20.10, "builtin" from 23.0; Podman names the file that it ships.
    if profile in ("builtin", "default", *policy.approved_seccomp_profiles):
        return passed(f"SecurityOptions: seccomp has the profile {profile}")
    if facts.engine == "podman" and profile in PODMAN_PROFILES:
        return passed(f"SecurityOptions: seccomp has the profile {profile}")
    return failed(f"SecurityOptions: seccomp has the profile {profile or 'of no name'}")
