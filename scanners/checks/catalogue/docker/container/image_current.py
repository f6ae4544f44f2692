from scanners.checks.check import Verdict, check, failed, not_measured
from scanners.checks.examples import container, engine, stored_image
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.image-current",
    title="Container runs the current image of its tag",
    severity=Severity.MEDIUM,
    subject=ContainerFacts,
    rationale="A cached older image keeps old flaws although the fixed one is in the registry.",
    remediation=(
        "Pull and recreate the container (docker compose pull && up -d) or let the pipeline deploy by digest."
    ),
    good=[container()],
    bad=[
        container(
            image_reference="registry.example/shop/web:1.4.2",
            image_id="sha256:aa",
            engine=engine(images=(stored_image(references=("registry.example/shop/web:1.4.2",)),)),
        )
    ],
    waits_for="the registry",
)
def image_current(facts: ContainerFacts) -> Verdict:
    engine = facts.engine
    for image in (engine.images if engine is not None else None) or ():
        if image.id != facts.image_id and facts.image_reference in image.references:
            return failed(
                f"Config.Image {facts.image_reference} is {image.id} here, the container runs another"
            )
    return not_measured("needs the registry: which image the tag names there")
