from datetime import UTC, datetime

from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import LONG_AGO, RECENTLY, image
from scanners.checks.policy import Policy
from scanners.records import ImageFacts, Severity


def _build_time(facts: ImageFacts) -> tuple[datetime | None, str]:
    """The later of `Created` and the build's label: reproducible builds fix `Created` to an old date."""
    label = facts.labels.get("org.opencontainers.image.created", "")
    try:
        labelled = datetime.fromisoformat(label)
    except ValueError:
        return facts.created_at, "Created"
    if labelled.tzinfo is None:
        labelled = labelled.replace(tzinfo=UTC)
    if facts.created_at is None or facts.created_at.astimezone(UTC) < labelled:
        return labelled, "label org.opencontainers.image.created"
    return facts.created_at, "Created"


@check(
    id="image.age-limit",
    title="Image not older than the rebuild limit",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale=(
        "Old images miss security updates of base and packages even when no scanner knows the flaw yet."
    ),
    remediation="Rebuild on schedule even without code changes.",
    good=[
        image(created_at=RECENTLY),
        image(created_at=LONG_AGO, labels={"org.opencontainers.image.created": "2026-09-20T10:00:00Z"}),
    ],
    bad=[image(created_at=LONG_AGO)],
)
def age_limit(facts: ImageFacts, policy: Policy) -> Verdict:
    created_at, source = _build_time(facts)
    if created_at is None:
        return not_measured("Created is absent")
    evidence = f"{source} is {created_at:%Y-%m-%d}, limit {policy.image_max_age_days} days"
    return failed(evidence) if policy.is_older(created_at, policy.image_max_age_days) else passed(evidence)
