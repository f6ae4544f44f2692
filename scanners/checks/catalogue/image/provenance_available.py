from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import used_image
from scanners.image_use import ImageUseFacts
from scanners.records import Outcome, Severity
from scanners.signatures.records import SignatureOutcome


@check(
    id="image.provenance-available",
    title="Build provenance available",
    severity=Severity.LOW,
    subject=ImageUseFacts,
    rationale="Provenance ties an image to source and builder and shows unplanned builds.",
    remediation="Build with provenance enabled (BuildKit mode=max or the CI's generator), and have it signed.",
    evidence_source="Registry",
    good=[
        used_image(provenance=("built by https://ci.example from https://git.example/shop",)),
        Example(used_image(outcome=SignatureOutcome.NOT_MEASURED), expected=Outcome.NOT_MEASURED),
        Example(used_image(uses=None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        used_image(has_trusted_provenance=False),
        used_image(
            has_trusted_provenance=False, provenance=("built by BuildKit from https://git.example/shop",)
        ),
    ],
)
def provenance_available(facts: ImageUseFacts) -> Verdict:
    if not facts.uses:
        return not_applicable("no container uses the image")
    unmeasured = [use for use in facts.uses if use.outcome is SignatureOutcome.NOT_MEASURED]
    if unmeasured:
        return not_measured("the registry that keeps it was not read")
    untrusted = [use.environment for use in facts.uses if not use.has_trusted_provenance]
    if not untrusted:
        return passed(*facts.provenance)
    if not facts.provenance:
        return failed("the registry keeps no provenance of the image")
    return failed(*facts.provenance, f"nobody that {', '.join(untrusted)} trusts has signed this provenance")
