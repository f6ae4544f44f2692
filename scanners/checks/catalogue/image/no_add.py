import re

from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import image
from scanners.records import ImageFacts, Layer, Severity

ADD = re.compile(r"(/bin/sh -c #\(nop\)\s+)?ADD\s")
UNPACKS_ROOT = re.compile(r"\s/\s*(# buildkit)?\s*$")


def _destination(command: str) -> str:
    """The last word of the instruction; its source may be an address with a password and is left out."""
    return command.removesuffix("# buildkit").split()[-1]


@check(
    id="image.no-add",
    title="COPY used instead of ADD",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale="ADD fetches remote files and unpacks archives, which can bring in unverified content.",
    remediation="Replace ADD by COPY, fetch remote files with checksum verification.",
    good=[
        image(history=(Layer(created_by="COPY app /app # buildkit"),)),
        image(
            history=(
                Layer(created_by='CMD ["/bin/sh"]'),
                Layer(created_by="ADD alpine-minirootfs-3.22.1-x86_64.tar.gz / # buildkit"),
            )
        ),
    ],
    bad=[
        image(
            history=(
                Layer(created_by="ADD app.tar.gz /app # buildkit"),
                Layer(created_by="COPY a /b # buildkit"),
            )
        ),
        image(history=(Layer(created_by="/bin/sh -c #(nop) ADD file:0123 in /app "),)),
    ],
)
def no_add(facts: ImageFacts) -> Verdict:
    if facts.history is None:
        return not_measured("the history of the image could not be read")
    added = [layer.created_by for layer in facts.history if ADD.match(layer.created_by)]
    # The oldest ADD into / is the file system of the base image itself, not something added to it.
    if added and UNPACKS_ROOT.search(added[-1]):
        added.pop()
    lines = [
        f"history: ADD into {_destination(command)}" for command in added if "--checksum=" not in command
    ]
    return failed(*lines) if lines else passed()
