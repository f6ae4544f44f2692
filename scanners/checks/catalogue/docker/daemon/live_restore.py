from scanners.checks.check import Example, Verdict, check, failed, not_applicable, not_measured, passed
from scanners.checks.examples import engine
from scanners.records import EngineFacts, Outcome, Severity


@check(
    id="docker.daemon.live-restore",
    title="Containers survive an engine restart",
    severity=Severity.LOW,
    subject=EngineFacts,
    rationale="Live restore keeps services up while the engine is patched, so patching is not postponed.",
    remediation='Set "live-restore": true in daemon.json.',
    good=[
        engine(live_restore=True),
        Example(engine(live_restore=False, swarm_state="active"), expected=Outcome.NOT_APPLICABLE),
    ],
    bad=[engine(live_restore=False)],
)
def live_restore(facts: EngineFacts) -> Verdict:
    if facts.engine == "podman":
        return not_applicable("Podman has no daemon that containers depend on")
    if facts.swarm_state == "active":
        return not_applicable("Swarm.LocalNodeState is active, which excludes live restore")
    if facts.live_restore is None:
        return not_measured("LiveRestoreEnabled is absent")
    return passed() if facts.live_restore else failed("LiveRestoreEnabled is false")
