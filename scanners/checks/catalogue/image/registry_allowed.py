from scanners.checks.check import Example, Verdict, check, failed, manual, not_applicable, passed
from scanners.checks.examples import RECENTLY, image
from scanners.checks.policy import Policy
from scanners.checks.references import is_image_id, parse_reference
from scanners.records import ImageFacts, Outcome, Severity


@check(
    id="image.registry-allowed",
    title="Image comes from an approved registry",
    severity=Severity.HIGH,
    subject=ImageFacts,
    rationale="Names can be confused and public registries carry look-alikes.",
    remediation="Mirror needed images into the own registry and enforce the list at admission.",
    good=[
        Example(image(), Policy(now=RECENTLY, trusted_registries=("registry.example/shop",))),
        Example(image(), expected=Outcome.MANUAL),
    ],
    bad=[
        Example(
            image(in_use_references=("nginx:1.27",)),
            Policy(now=RECENTLY, trusted_registries=("registry.example",)),
        )
    ],
)
def registry_allowed(facts: ImageFacts, policy: Policy) -> Verdict:
    if not facts.in_use_references:
        return not_applicable("no container uses the image")
    names = [reference for reference in facts.in_use_references if not is_image_id(reference)]
    if not names:
        return manual("started by the image's id: where it came from is not known")
    if policy.trusted_registries is None:
        return manual(*(f"Config.Image is of {parse_reference(name).repository}" for name in names))
    allowed = policy.trusted_registries
    lines = [
        f"Config.Image is of {parse_reference(name).repository}, which is not allowed"
        for name in names
        if not parse_reference(name).is_below(allowed)
    ]
    return failed(*lines) if lines else passed()
