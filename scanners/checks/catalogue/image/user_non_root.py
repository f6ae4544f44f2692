from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import image
from scanners.checks.security_options import is_root
from scanners.records import ImageFacts, Severity


@check(
    id="image.user-non-root",
    title="Image runs as a non-root user",
    severity=Severity.HIGH,
    subject=ImageFacts,
    rationale=(
        "Root in a container is root in the kernel's eyes unless user namespaces are used, which makes "
        "escapes and misuse easier."
    ),
    remediation="Create a user in the Dockerfile and end it with USER <uid>:<gid>.",
    good=[image(user="10001"), image(user="app:app")],
    bad=[image(user=""), image(user="root"), image(user="0:0")],
)
def user_non_root(facts: ImageFacts) -> Verdict:
    if is_root(facts.user):
        return failed(f"Config.User is {facts.user or 'empty'}")
    if facts.user.partition(":")[0].isdecimal():
        return passed()
    return passed(f"Config.User is {facts.user}; the uid of the name is not read")
