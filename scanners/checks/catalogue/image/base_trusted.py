from scanners.checks.check import Example, Verdict, check, failed, manual, not_measured, passed
from scanners.checks.examples import RECENTLY, image
from scanners.checks.policy import Policy
from scanners.checks.references import parse_reference
from scanners.records import ImageFacts, Outcome, Severity


@check(
    id="image.base-trusted",
    title="Base image on the trusted list",
    severity=Severity.MEDIUM,
    subject=ImageFacts,
    rationale="Everything in the base image is inherited, wanted or not.",
    remediation="Rebuild from an approved base image and record it as label or provenance.",
    good=[
        Example(image(), expected=Outcome.NOT_MEASURED),
        Example(
            image(labels={"org.opencontainers.image.base.name": "docker.io/library/debian:13"}),
            Policy(now=RECENTLY, trusted_base_images=("docker.io/library",)),
        ),
    ],
    bad=[
        Example(
            image(labels={"org.opencontainers.image.base.name": "docker.io/somebody/base:1"}),
            Policy(now=RECENTLY, trusted_base_images=("docker.io/library",)),
        )
    ],
)
def base_trusted(facts: ImageFacts, policy: Policy) -> Verdict:
    name = facts.labels.get("org.opencontainers.image.base.name", "")
    if not name:
        return not_measured("label org.opencontainers.image.base.name is absent: the base image is not known")
    line = f"label org.opencontainers.image.base.name is {name}"
    if policy.trusted_base_images is None:
        return manual(line, "there is no list of trusted base images")
    if parse_reference(name).is_below(policy.trusted_base_images):
        return passed(line)
    return failed(f"{line}, which is not on the list of trusted base images")
