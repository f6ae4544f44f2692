from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.examples import image
from scanners.records import ImageFacts, SecretSighting, Severity


@check(
    id="image.no-secrets",
    title="No secrets in the image",
    severity=Severity.CRITICAL,
    subject=ImageFacts,
    rationale=(
        "Credentials in layers, environment or labels can be read by anyone who can pull the image and "
        "stay in its history."
    ),
    remediation="Rotate the secret, rebuild without it and use BuildKit secret mounts or run-time injection.",
    good=[image()],
    bad=[image(secrets=(SecretSighting(where="Env AWS_SECRET_ACCESS_KEY", rule="AWS access key"),))],
    waits_for="a scan of the layers",
)
def no_secrets(facts: ImageFacts) -> Verdict:
    lines = [f"{sighting.where}: {sighting.rule}" for sighting in facts.secrets]
    return (
        failed(*lines)
        if lines
        else not_measured("needs a scan of the layers; the configuration shows no secret")
    )
