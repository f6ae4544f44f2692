from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Severity


@check(
    id="kernel.unprivileged-userns",
    title="Unprivileged user namespaces are restricted",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="In a user namespace an ordinary account reaches kernel code that is otherwise kept for root.",
    remediation=(
        "Set kernel.apparmor_restrict_unprivileged_userns=1, kernel.unprivileged_userns_clone=0 or "
        "user.max_user_namespaces=0; keep what rootless engines on this host need."
    ),
    good=[
        probed(),
        probed(
            security_modules__apparmor__restricts_user_namespaces=None,
            confinement__namespaces={"limits": {"user": 0}},
        ),
    ],
    bad=[
        probed(
            security_modules__apparmor__restricts_user_namespaces=0,
            confinement__namespaces={"limits": {"user": 127000}, "unprivileged_user": 1},
        )
    ],
    evidence_source="Host probe",
)
def unprivileged_userns(facts: HostFacts) -> Verdict:
    if facts.confinement is None or facts.security_modules is None:
        return unread(facts, "/confinement", "/security_modules") or not_measured("the probe does not tell")
    spaces = facts.confinement.namespaces
    if facts.security_modules.apparmor.restricts_user_namespaces == 1:
        return passed("AppArmor restricts unprivileged user namespaces to named profiles")
    if spaces.unprivileged_user == 0:
        return passed("kernel.unprivileged_userns_clone is 0")
    if spaces.limits.get("user") == 0:
        return passed("user.max_user_namespaces is 0")
    verdict = unread(
        facts,
        "/security_modules/apparmor/restricts_user_namespaces",
        "/confinement/namespaces/unprivileged_user",
        "/confinement/namespaces/limits/user",
    )
    return verdict or failed("any account may make user namespaces")
