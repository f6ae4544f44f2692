from scanners.checks.check import Verdict, check, failed, not_applicable, passed
from scanners.checks.examples import image
from scanners.checks.references import is_image_id, parse_reference
from scanners.records import ImageFacts, Severity


@check(
    id="image.pinned-by-digest",
    title="Image referenced by digest",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale="A digest fixes the exact content; tags can be moved.",
    remediation="Resolve tags to digests at deployment (admission or pipeline).",
    good=[image(in_use_references=("registry.example/shop/web:1.4.2@sha256:" + "a" * 64,))],
    bad=[image(in_use_references=("registry.example/shop/web:1.4.2",))],
)
def pinned_by_digest(facts: ImageFacts) -> Verdict:
    if not facts.in_use_references:
        return not_applicable("no container uses the image")
    lines = [
        f"Config.Image is {reference}"
        for reference in facts.in_use_references
        if not is_image_id(reference) and not parse_reference(reference).digest.startswith("sha256:")
    ]
    return failed(*lines) if lines else passed()
