from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity

# The profiles that engines give to containers for which nobody names one.
DEFAULT_PROFILES = ("docker-default", "crio-default", "cri-containerd.apparmor.d", "containers-default")


@check(
    id="kernel.lsm-enforcing",
    title="SELinux or AppArmor enforces its policy",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="Mandatory access control still holds when a process has broken out of its namespaces.",
    remediation="Set SELINUX=enforcing, or load the runtime's AppArmor profile in enforce mode; then restart the host.",
    good=[
        probed(),
        probed(
            security_modules__selinux={"mode": "enforcing", "configured": "enforcing"},
            security_modules__apparmor={"enabled": False},
        ),
    ],
    bad=[
        probed(
            security_modules__selinux={"mode": "permissive", "configured": "enforcing"},
            security_modules__apparmor={"enabled": False},
        ),
        probed(security_modules__apparmor__profiles={"docker-default": "complain"}),
        probed(security_modules__apparmor={"enabled": False}),
    ],
    evidence_source="Host probe",
)
def lsm_enforcing(facts: HostFacts) -> Verdict:
    found = facts.security_modules
    if found is None:
        return unread(facts, "/security_modules") or not_measured("the probe does not tell")
    selinux, apparmor = found.selinux, found.apparmor
    if selinux.mode == "enforcing":
        if selinux.configured in (None, "enforcing"):
            return passed("SELinux is enforcing")
        return failed("SELinux is enforcing", f"SELINUX={selinux.configured} holds from the next start")
    if apparmor.enabled:
        if apparmor.profiles is None:
            return unread(facts, "/security_modules/apparmor/profiles") or not_measured(
                "no profiles are listed"
            )
        modes = {name: apparmor.profiles[name] for name in DEFAULT_PROFILES if name in apparmor.profiles}
        if "enforce" in modes.values():
            return passed(*(f"AppArmor profile {name}: {mode}" for name, mode in modes.items()))
        said = [f"AppArmor profile {name}: {mode}" for name, mode in modes.items()]
        return failed(*(said or ["AppArmor is enabled, but no profile of a container runtime is loaded"]))
    verdict = unread(facts, "/security_modules/selinux/mode", "/security_modules/apparmor/enabled")
    return verdict or failed(f"SELinux is {selinux.mode}", "AppArmor is not enabled")
