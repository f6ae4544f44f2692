from scanners.checks.check import Verdict, check, failed
from scanners.checks.host_evidence import sysctls, unread
from scanners.checks.host_examples import probed
from scanners.host import HostFacts
from scanners.records import Outcome, Severity

WANTED = {
    "kernel.randomize_va_space": ("2",),
    "fs.protected_symlinks": ("1",),
    "fs.protected_hardlinks": ("1",),
    "fs.protected_fifos": ("1", "2"),
    "fs.protected_regular": ("1", "2"),
    "fs.suid_dumpable": ("0", "2"),
    "net.ipv4.conf.all.rp_filter": ("1", "2"),
    "net.ipv4.conf.all.accept_redirects": ("0",),
    "net.ipv4.conf.all.accept_source_route": ("0",),
}


@check(
    id="kernel.sysctl-basics",
    title="Basic protections of memory, links and network are on",
    severity=Severity.MEDIUM,
    subject=HostFacts,
    rationale="Each of these settings closes a way that has been used to gain rights or to redirect traffic.",
    remediation="Write the wanted values to a file below /etc/sysctl.d and run sysctl --system.",
    good=[probed()],
    bad=[
        probed(**{"sysctls__kernel.randomize_va_space": "1"}),
        probed(**{"sysctls__kernel.sysrq": "1"}),
    ],
    evidence_source="Host probe",
)
def sysctl_basics(facts: HostFacts) -> Verdict:
    sysrq = (facts.sysctls or {}).get("kernel.sysrq") or "0"
    verdict = sysctls(facts, WANTED)
    # Bit 64 of the mask lets a keyboard signal any process (admin-guide/sysrq of the kernel's documentation).
    if sysrq.isascii() and sysrq.isdigit() and (sysrq == "1" or int(sysrq) & 64):
        said = verdict.evidence if verdict.outcome is Outcome.FAIL else ()
        return failed(*said, f"kernel.sysrq is {sysrq}, which lets a key press signal processes")
    if verdict.outcome is Outcome.PASS:
        return unread(facts, "/sysctls/kernel.sysrq") or verdict
    return verdict
