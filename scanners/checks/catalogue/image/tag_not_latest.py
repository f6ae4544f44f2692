from scanners.checks.check import Verdict, check, failed, not_applicable, passed
from scanners.checks.examples import image
from scanners.checks.references import is_image_id, parse_reference
from scanners.records import ImageFacts, Severity


@check(
    id="image.tag-not-latest",
    title="No mutable latest tag in use",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale="With latest nobody knows which version runs, and a restart can change it.",
    remediation="Deploy by version tag plus digest.",
    good=[
        image(in_use_references=("registry.example/shop/web:1.4.2",)),
        image(in_use_references=("web@sha256:" + "a" * 64,)),
    ],
    bad=[image(in_use_references=("nginx:latest",)), image(in_use_references=("nginx",))],
)
def tag_not_latest(facts: ImageFacts) -> Verdict:
    if not facts.in_use_references:
        return not_applicable("no container uses the image")
    lines = [
        f"Config.Image is {reference}"
        for reference in facts.in_use_references
        if not is_image_id(reference) and parse_reference(reference).tag == "latest" and "@" not in reference
    ]
    return failed(*lines) if lines else passed()
