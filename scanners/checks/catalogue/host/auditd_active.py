from scanners.checks.check import (
    EXAMPLE_POLICY,
    Example,
    Verdict,
    check,
    failed,
    not_applicable,
    not_measured,
)
from scanners.checks.host_evidence import bits_beyond, decided, unread
from scanners.checks.host_examples import probed
from scanners.checks.policy import Policy
from scanners.host import FileStatus, HostFacts
from scanners.records import Outcome, Severity

# auditd ignores what is not set (auditd.conf(5)).
ACTIONS = ("max_log_file_action", "space_left_action", "disk_full_action")
REPLACED = Policy(now=EXAMPLE_POLICY.now, audit_consumers=("tetragon",))


def _wrong(file: FileStatus) -> list[str]:
    limit = 0o750 if file.kind == "directory" else 0o640
    wrong = [] if file.uid == 0 else [f"{file.path}: owner {file.uid}, not 0"]
    if bits_beyond(file.mode, limit) != 0:
        wrong.append(f"{file.path}: mode {file.mode}, beyond {limit:04o}")
    return wrong


@check(
    id="host.auditd-active",
    title="Audit system running and protected",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Rules without a running daemon record nothing.",
    remediation="Enable auditd and end the rules with -e 2.",
    good=[
        probed(),
        probed(audit__enabled=1),
        Example(probed(audit__is_running=False), REPLACED, expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        probed(audit__is_running=False),
        probed(audit__enabled=0),
        probed(audit__settings={"max_log_file_action": "ROTATE", "space_left_action": "ignore"}),
        probed(audit__log_files=[{"path": "/var/log/audit/audit.log", "uid": 0, "gid": 0, "mode": "0644"}]),
        probed(audit__log_files=[{"path": "/var/log/audit/audit.log", "uid": 1, "gid": 0, "mode": "0600"}]),
    ],
    evidence_source="Host probe",
)
def auditd_active(facts: HostFacts, policy: Policy) -> Verdict:
    stands_in = [s.name for s in facts.sensors or () if s.is_running and s.name in policy.audit_consumers]
    if stands_in:
        return not_applicable(f"{' and '.join(stands_in)} is recorded as replacement")
    if (verdict := unread(facts, "/audit/is_running")) is not None:
        return verdict
    audit = facts.audit
    if audit is None or not audit.is_running:
        return failed("auditd does not run")
    wrong = []
    if audit.enabled == 0:
        wrong.append("the kernel's audit system is off (enabled 0)")
    settings = audit.settings
    if settings is not None:
        ignored = [name for name in ACTIONS if settings.get(name, "ignore").lower() == "ignore"]
        wrong += [
            f"{name} is ignore" if name in settings else f"{name} is not set, which means ignore"
            for name in ignored
        ]
    wrong += [line for file in audit.log_files or () for line in _wrong(file)]
    if not wrong:
        needed = ("/audit/enabled", "/audit/settings", "/audit/log_files")
        if (verdict := unread(facts, *needed)) is not None:
            return verdict
        if audit.enabled is None:
            return not_measured("whether the kernel's audit system is on is not told")
    return decided(wrong, f"auditd runs, enabled is {audit.enabled}")
