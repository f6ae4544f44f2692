"""IMA and EVM: what the kernel measures of the files it runs, and whether it refuses those that were changed."""

import re
from typing import Any, Dict, List

from scanners.probe.evidence import NEEDS_ROOT, Evidence

HEAD_LINES = 10
POLICY_LINES = 500
_IMA = "/sys/kernel/security/ima"
_PARAMETERS = re.compile(r"(?:^|\s)(ima_(?:policy|appraise|hash|template|tcb|appraise_tcb)|evm)(?:=(\S+))?")


def collect(evidence: Evidence) -> Dict[str, Any]:
    return {"ima": ima(evidence.below("ima")), "evm": evm(evidence.below("evm"))}


def ima(evidence: Evidence) -> Dict[str, Any]:
    """`policy` holds the rules in force where the kernel shows them; `appraise` is the mode asked for at the start.

    `present` is None when the kernel may have IMA but securityfs is closed to the probe, or not mounted.
    """
    present = evidence.reader.exists(_IMA)
    if present is None:
        evidence.not_measured("present", NEEDS_ROOT)
    elif evidence.without_securityfs("present"):
        present = None
    said = _PARAMETERS.findall(evidence.reader.text("/proc/cmdline") or "")
    head = None
    if present:
        # The list may be very long; its beginning is enough to see that it is there, and from which boot.
        text = evidence.reader.text(_IMA + "/ascii_runtime_measurements", 16 << 20)
        evidence.because("head", _IMA + "/ascii_runtime_measurements")
        head = None if text is None else text.splitlines()[:HEAD_LINES]
    return {
        "present": present,
        "parameters": {name: value for name, value in said},
        "measurements": evidence.number("measurements", _IMA + "/runtime_measurements_count"),
        "violations": evidence.number("violations", _IMA + "/violations"),
        "policy": evidence.read("policy", _IMA + "/policy", rules) if present else None,
        "head": head,
    }


def rules(text: str) -> List[str]:
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")][:POLICY_LINES]


def evm(evidence: Evidence) -> Dict[str, Any]:
    """`state` is the kernel's number: bit 0 HMAC, bit 1 signatures, bit 2 metadata may change, bit 31 set-up complete."""
    for path in ("/sys/kernel/security/evm", "/sys/kernel/security/integrity/evm/evm"):
        if evidence.reader.exists(path) is not False:
            return {"state": evidence.number("state", path)}
    evidence.without_securityfs("state")
    return {"state": None}
