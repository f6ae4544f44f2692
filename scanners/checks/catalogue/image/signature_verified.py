from scanners.checks.check import (
    Example,
    Verdict,
    check,
    failed,
    manual,
    not_applicable,
    not_measured,
    passed,
)
from scanners.checks.examples import used_image
from scanners.image_use import ImageUseFacts
from scanners.records import Outcome, Severity
from scanners.signatures.records import SignatureOutcome


@check(
    id="image.signature-verified",
    title="Image signature verified against a trusted identity",
    severity=Severity.HIGH,
    subject=ImageUseFacts,
    rationale="Only a verified signature shows that the image is what the build produced.",
    remediation="Sign in the pipeline (cosign), keep the list of trusted signers here, and enforce it at admission or pull.",
    evidence_source="Registry",
    good=[
        used_image(),
        Example(
            used_image(outcome=SignatureOutcome.NOT_MEASURED, reason="no registry node reads it"),
            expected=Outcome.NOT_MEASURED,
        ),
        Example(
            used_image(
                requires_signatures=False, outcome=SignatureOutcome.UNSIGNED, reason="nobody signed it"
            ),
            expected=Outcome.MANUAL,
        ),
        Example(used_image(uses=None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        used_image(outcome=SignatureOutcome.UNSIGNED, reason="nobody signed it"),
        used_image(outcome=SignatureOutcome.UNTRUSTED, reason="signed, but by nobody trusted"),
        used_image(outcome=SignatureOutcome.NOT_MEASURED, is_from_registry=False),
    ],
)
def signature_verified(facts: ImageUseFacts) -> Verdict:
    if not facts.uses:
        return not_applicable("no container uses the image")
    verified = [use for use in facts.uses if use.outcome is SignatureOutcome.VERIFIED]
    others = [use for use in facts.uses if use.outcome is not SignatureOutcome.VERIFIED]
    demanded = [use for use in others if use.requires_signatures]
    unmeasured = [use for use in others if use.outcome is SignatureOutcome.NOT_MEASURED]
    if demanded and not facts.is_from_registry:
        names = ", ".join(use.environment for use in demanded)
        return failed(
            f"{names} demands a signature; the image never came from a registry, where it could have one"
        )
    broken = [use for use in demanded if use not in unmeasured]
    if broken:
        return failed(*(f"{use.environment} demands a trusted signature: {use.reason}" for use in broken))
    if unmeasured:
        return not_measured(*(f"{use.environment}: {use.reason}" for use in unmeasured))
    if others and not verified:
        return manual(*(f"{use.environment} demands no signature: {use.reason}" for use in others))
    return passed(*(f"{use.environment}: {use.reason}" for use in verified))
