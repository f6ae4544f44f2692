from scanners.checks.check import Example, Verdict, check, failed, manual, not_applicable, passed
from scanners.checks.examples import used_image
from scanners.checks.references import is_image_id, parse_reference
from scanners.image_use import ImageUse, ImageUseFacts
from scanners.records import Outcome, Severity


@check(
    id="image.registry-allowed",
    title="Image comes from an approved registry",
    severity=Severity.HIGH,
    subject=ImageUseFacts,
    rationale="Names can be confused and public registries carry look-alikes.",
    remediation="Mirror needed images into the own registry and enforce the list at admission.",
    good=[
        used_image(),
        Example(used_image(allowed_registries=None), expected=Outcome.MANUAL),
        Example(used_image(uses=None), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[
        used_image(references=("nginx:1.27",)),
        used_image(allowed_registries=()),
    ],
)
def registry_allowed(facts: ImageUseFacts) -> Verdict:
    if not facts.uses:
        return not_applicable("no container uses the image")
    refused = [line for use in facts.uses for line in _refused(use)]
    if refused:
        return failed(*refused)
    unlisted = [use for use in facts.uses if use.allowed_registries is None]
    unnamed = [use for use in facts.uses if not _names(use)]
    if unlisted:
        return manual(
            *(
                f"{use.environment} has no list of registries; Config.Image is of {_shown(use)}"
                for use in unlisted
            )
        )
    if unnamed:
        return manual("started by the image's id: where it came from is not known")
    return passed()


def _names(use: ImageUse) -> list[str]:
    return [reference for reference in use.references if not is_image_id(reference)]


def _shown(use: ImageUse) -> str:
    return ", ".join(dict.fromkeys(parse_reference(name).repository for name in _names(use))) or "no name"


def _refused(use: ImageUse) -> list[str]:
    allowed = use.allowed_registries
    return [
        f"Config.Image is of {parse_reference(name).repository}, which {use.environment} does not allow"
        for name in _names(use)
        if allowed is not None and not parse_reference(name).is_below(allowed)
    ]
