from scanners.checks.check import Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import engine, neighbour
from scanners.records import ContainerSummary, EngineFacts, Severity


def _rotates(container: ContainerSummary) -> bool:
    options = container.log_options or {}
    size = options.get("max-size", "")
    return size.strip("0kmgbKMGB ") not in ("", "-1") and bool(options.get("max-file"))


@check(
    id="docker.daemon.log-rotation",
    title="Local container logs are rotated",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale=(
        "json-file logs grow without limit by default and can fill the disk, which ends logging and services."
    ),
    remediation="Set log-opts max-size and max-file in daemon.json and recreate the containers.",
    good=[
        engine(containers=(neighbour(log_driver="local", log_options={}),)),
        engine(
            containers=(neighbour(log_driver="json-file", log_options={"max-size": "10m", "max-file": "3"}),)
        ),
    ],
    bad=[engine(containers=(neighbour(log_driver="json-file", log_options={}),))],
)
def log_rotation(facts: EngineFacts) -> Verdict:
    if facts.containers is None:
        return not_measured("the list of containers could not be read")
    unread = [container for container in facts.containers if container.log_driver is None]
    growing = [
        container
        for container in facts.containers
        if container.log_driver == "json-file" and not _rotates(container)
    ]
    if growing:
        return failed(
            *(
                f"{name}: LogConfig json-file lacks max-size or max-file"
                for name in sorted(c.name for c in growing)
            )
        )
    if unread:
        return not_measured("the log configuration of a container was not read")
    if any(container.log_driver == "journald" for container in facts.containers):
        return not_measured("needs the host probe: the limits of the host's journal")
    if not facts.containers:
        return not_applicable("there is no container")
    return passed()
