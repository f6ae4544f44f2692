"""What to do about a finding that tools report: from their words on a fix, else by its kind."""

from __future__ import annotations

from collections.abc import Sequence

from posture.findings import agreement
from posture.findings.agreement import Word
from posture.findings.choices import FindingKind
from posture.findings.models import Finding
from posture.vulnerabilities.choices import FIX_STATUSES
from scanners.reported import FixStatus

_WITHOUT_FIX = {
    FixStatus.WILL_NOT_FIX: "Whoever makes {package} says that this version will not be mended. Take the package out of the"
    " image if nothing needs it, or move to a release in which it is mended.",
    FixStatus.END_OF_LIFE: "Nobody mends this version of {package} any more. Move to a release that is still supported.",
    FixStatus.FIX_DEFERRED: "Whoever makes {package} has put the fix off. Take the package out of the image if nothing needs"
    " it, and confine the containers that run it.",
    FixStatus.UNDER_INVESTIGATION: "Whoever makes {package} is still looking into it. Watch for a new version.",
    FixStatus.AFFECTED: "No version of {package} mends it yet. Take the package out of the image if nothing needs it, and"
    " confine the containers that run it.",
}
_BY_KIND = {
    FindingKind.SECRET: "Revoke the secret: whoever can pull the image has it. Then build the image without it and hand it"
    " over when the container starts.",
    FindingKind.UNSUPPORTED: "Build the image on a release that is still supported.",
    FindingKind.MALWARE: "Stop the containers that run this image, keep it as evidence, and build it anew from sources that"
    " you trust.",
}


def of(finding: Finding, words: Sequence[Word]) -> str:
    """A sentence or two; "" when nothing is known. Reads the package that the finding refers to."""
    if finding.package is None:
        return _BY_KIND.get(FindingKind(finding.kind), "")
    package = finding.package
    if versions := agreement.fixed_versions(words):
        to = versions[0] if len(versions) == 1 else f"{', '.join(versions[:-1])} or {versions[-1]}"
        return f"Upgrade {package.name} to {to}, and build the image anew."
    status = FIX_STATUSES[agreement.fix(words)]
    return _WITHOUT_FIX[status].format(package=package.name) if status in _WITHOUT_FIX else ""
