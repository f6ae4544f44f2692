import re

from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.examples import image
from scanners.records import ImageFacts, Layer, Severity

# Only the kind is evidence: the command itself may hold an address with a password.
UNVERIFIED = {
    **{
        option: re.compile(rf"(?<!\S){option}(?![\w-])")
        for option in (
            "--allow-unauthenticated",
            "--force-yes",
            "--nogpgcheck",
            "--allow-untrusted",
            "--no-check-certificate",
        )
    },
    "curl without checking the certificate": re.compile(
        r"\bcurl\s[^|;&]*(?<!\S)(-[a-zA-Z]*k[a-zA-Z]*|--insecure)(?!\S)"
    ),
    "a download piped into an interpreter": re.compile(
        r"\b(curl|wget)\s[^|;&]*\|\s*(sudo\s+)?(\S*/)?(sh|bash|ash|dash|zsh|python3?|perl)\b"
    ),
}


@check(
    id="image.packages-verified",
    title="Packages installed from verified sources",
    severity=Severity.MEDIUM,
    subject=ImageFacts,
    rationale="Unsigned packages and piped installers can be replaced on the way.",
    remediation="Install from signed repositories, pin keys and verify checksums.",
    good=[image(history=(Layer(created_by="RUN apt-get install -y curl"),))],
    bad=[
        image(history=(Layer(created_by="RUN /bin/sh -c curl -sSL https://get.example | sh # buildkit"),)),
        image(history=(Layer(created_by="RUN apt-get install -y --allow-unauthenticated curl"),)),
    ],
    waits_for="a scan of the layers",
)
def packages_verified(facts: ImageFacts) -> Verdict:
    lines = [
        f"history: {name}"
        for layer in facts.history or ()
        for name, pattern in UNVERIFIED.items()
        if pattern.search(layer.created_by)
    ]
    if lines:
        return failed(*lines)
    return not_measured("needs a scan of the layers: package sources may have signature checking off")
