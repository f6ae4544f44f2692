from scanners.checks.check import Verdict, check, failed, passed
from scanners.checks.examples import container, engine
from scanners.checks.security_options import is_root
from scanners.records import ContainerFacts, Severity


@check(
    id="docker.container.user-non-root",
    title="Container process does not run as root",
    severity=Severity.HIGH,
    subject=ContainerFacts,
    rationale="What counts is the user the process really has, not only the image default.",
    remediation="Set user: in compose or --user, or fix the image.",
    good=[container(user="10001:10001"), container(user="app"), container(user="")],
    bad=[
        container(user="", engine=engine(security_options=())),
        container(user="0:0", engine=engine(security_options=())),
    ],
)
def user_non_root(facts: ContainerFacts) -> Verdict:
    user = facts.user or "empty"
    if not is_root(facts.user):
        name = facts.user.partition(":")[0]
        return (
            passed()
            if name.isdecimal()
            else passed(f"Config.User is {user}; the uid of the name is not read")
        )
    engine = facts.engine
    if engine is not None and engine.is_rootless:
        return passed(f"Config.User is {user}, and the engine is rootless")
    if engine is not None and engine.remaps_users and facts.userns_mode != "host":
        return passed(f"Config.User is {user}, and the engine remaps users")
    return failed(f"Config.User is {user}")
