from scanners.checks.check import (
    EXAMPLE_POLICY,
    Example,
    Verdict,
    check,
    failed,
    manual,
    not_applicable,
    not_measured,
    passed,
)
from scanners.checks.host_evidence import told, unread
from scanners.checks.host_examples import probed
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import Outcome, Severity

PLAIN = probed(container_data=[{"path": "/var/lib/docker", "file_system": "ext4", "is_encrypted": False}])
ENCRYPTED_BELOW = Policy(now=EXAMPLE_POLICY.now, storage_is_encrypted=True)
NOT_ENCRYPTED_BELOW = Policy(now=EXAMPLE_POLICY.now, storage_is_encrypted=False)


@check(
    id="host.disk-encrypted",
    title="Disk with container data encrypted",
    severity=Severity.LOW,
    subject=HostFacts,
    rationale="Lost or returned disks must not reveal data.",
    remediation="Encrypt at build time or use encrypted cloud disks.",
    good=[
        probed(),
        Example(PLAIN, ENCRYPTED_BELOW),
        Example(PLAIN, expected=Outcome.MANUAL),
        Example(probed(container_data=[]), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[Example(PLAIN, NOT_ENCRYPTED_BELOW)],
    evidence_source="Host probe",
)
def disk_encrypted(facts: HostFacts, policy: Policy) -> Verdict:
    if policy.storage_is_encrypted:
        return passed("the storage below the host is recorded as encrypted")
    if (verdict := unread(facts, "/container_data")) is not None:
        return verdict
    folders = facts.container_data or ()
    if not folders:
        return not_applicable("no container runtime keeps data on this host")
    plain = [folder.path for folder in folders if folder.is_encrypted is False]
    unknown = [
        told(facts, f"/container_data/{number}/is_encrypted") or f"{folder.path}: its device is not known"
        for number, folder in enumerate(folders)
        if folder.is_encrypted is None
    ]
    lines = [f"{path} does not lie on dm-crypt" for path in plain]
    if policy.storage_is_encrypted is False and lines:
        return failed(*lines, "the storage below the host is recorded as not encrypted")
    if unknown:
        return not_measured(*unknown, *lines)
    if lines:
        # Below the host a hypervisor or the storage may encrypt, which no file of the host shows.
        return manual(*lines, "whether hypervisor or storage encrypts is not recorded")
    return passed(*(f"{folder.path} lies on dm-crypt" for folder in folders))
