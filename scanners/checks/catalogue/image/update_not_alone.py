import re

from scanners.checks.check import Verdict, check, failed, not_measured, passed
from scanners.checks.examples import image
from scanners.records import ImageFacts, Layer, Severity

UPDATE = re.compile(
    r"\b(apt-get|apt|yum|apk)\s+(-\S+\s+)*update\b|\b(dnf|yum)\s+(-\S+\s+)*makecache\b|\bzypper\s+(-\S+\s+)*(refresh|ref)\b"
)
INSTALL = re.compile(
    r"\b(apt-get|apt|yum|dnf|microdnf|zypper)\s+(-\S+\s+)*(install|in|upgrade|dist-upgrade|full-upgrade|update\s+-y|dup)\b"
    r"|\bapk\s+(-\S+\s+)*(add|upgrade)\b"
)


@check(
    id="image.update-not-alone",
    title="Package index update not cached on its own",
    severity=Severity.LOW,
    subject=ImageFacts,
    rationale="An update step in a layer of its own is cached, so later builds install outdated packages.",
    remediation="Join update and install in one RUN and pin versions, or build with --no-cache --pull.",
    good=[image(history=(Layer(created_by="/bin/sh -c apt-get update && apt-get install -y curl"),))],
    bad=[
        image(history=(Layer(created_by="/bin/sh -c apt-get update"),)),
        image(history=(Layer(created_by="RUN /bin/sh -c apk update # buildkit"),)),
    ],
)
def update_not_alone(facts: ImageFacts) -> Verdict:
    if facts.history is None:
        return not_measured("the history of the image could not be read")
    lines = [
        f"history: {update[0]} without an install in the same command"
        for layer in facts.history
        if (update := UPDATE.search(layer.created_by)) and not INSTALL.search(layer.created_by)
    ]
    return failed(*lines) if lines else passed()
