from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import LONG_AGO, engine, stored_image
from scanners.checks.policy import Policy
from scanners.records import EngineFacts, ImageSummary, Severity


def _is_old(image: ImageSummary, policy: Policy) -> bool:
    return image.created_at is not None and policy.is_older(image.created_at, policy.unused_image_days)


@check(
    id="docker.ops.image-sprawl",
    title="Unused images removed",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Old images waste space and get started again by mistake with their flaws.",
    remediation="Run docker image prune on a schedule.",
    good=[engine(images=(stored_image(),))],
    bad=[
        engine(images=(stored_image(is_used=False, created_at=LONG_AGO),)),
        engine(images=(stored_image(), stored_image(references=(), created_at=LONG_AGO))),
    ],
)
def image_sprawl(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.images is None:
        return not_measured("the list of images could not be read")
    old = [image for image in facts.images if _is_old(image, policy)]
    unused = [image for image in old if not image.is_used]
    untagged = [
        image for image in old if not any("<none>" not in reference for reference in image.references)
    ]
    lines = []
    if len(unused) > policy.unused_image_share * len(facts.images):
        lines.append(
            f"more than {policy.unused_image_share:.0%} of all images are unused "
            f"and older than {policy.unused_image_days} days"
        )
    if untagged:
        lines.append(f"images without a tag are older than {policy.unused_image_days} days")
    return failed(*lines) if lines else passed()
