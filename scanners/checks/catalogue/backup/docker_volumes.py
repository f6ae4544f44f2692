from datetime import UTC, datetime

from scanners.checks.check import Example, Verdict, check, failed, manual, not_applicable, not_measured
from scanners.checks.docker_host import docker_of
from scanners.checks.host_evidence import unread
from scanners.checks.host_examples import probed
from scanners.checks.host_paths import is_at_or_below, is_sensitive
from scanners.checks.policy import Policy
from scanners.host import Docker, HostContainer, HostFacts
from scanners.records import Outcome, Severity

WITH_DATA = [
    {
        "id": "db",
        "manager": "docker",
        "process": {"mounts": [{"source": "/var/lib/docker/volumes/db/_data", "destination": "/data"}]},
    }
]


def _volumes(facts: HostFacts, docker: Docker) -> list[str]:
    """Places of the host in which running containers of Docker keep data: volumes, and binds of ordinary folders."""
    named, own = f"{docker.root_dir}/volumes", docker.root_dir
    sources = {
        mount.source
        for container in facts.containers or ()
        if container.manager == "docker" and container.process is not None
        for mount in container.process.mounts or ()
    }
    return sorted(
        source
        for source in sources
        if is_at_or_below(source, named) or not (is_at_or_below(source, own) or is_sensitive(source))
    )


def _newest_run(facts: HostFacts) -> datetime | None:
    moments = []
    for backup in facts.backups or ():
        try:
            moment = datetime.fromisoformat(backup.last_run or "")
        except ValueError:
            continue
        moments.append(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    return max(moments, default=None)


@check(
    id="backup.docker-volumes",
    title="Volumes of Docker hosts backed up",
    severity=Severity.HIGH,
    subject=HostFacts,
    rationale="Engine hosts have no backup of their own.",
    remediation="Let the backup job report to the product after each run.",
    good=[
        probed(containers=WITH_DATA),
        Example(probed(), expected=Outcome.NOT_APPLICABLE),
        Example(probed(docker=None), expected=Outcome.NOT_APPLICABLE),
        Example(probed(containers=WITH_DATA, backups=[]), expected=Outcome.MANUAL),
        Example(
            probed(containers=[{"id": "x", "manager": "docker", "process": None}]),
            expected=Outcome.NOT_MEASURED,
        ),
    ],
    bad=[
        probed(
            containers=WITH_DATA,
            backups=[{"tool": "borg", "evidence": "/root/.cache/borg", "last_run": "2026-09-20T03:00:00Z"}],
        )
    ],
    evidence_source="Host probe",
    waits_for="reports of the backup job",
)
def docker_volumes(facts: HostFacts, policy: Policy) -> Verdict:
    docker = docker_of(facts, "root_dir")
    if isinstance(docker, Verdict):
        return docker
    if (verdict := unread(facts, "/containers")) is not None:
        return verdict
    volumes = _volumes(facts, docker)
    if not volumes:
        hidden = [c.id for c in facts.containers or () if c.manager == "docker" and _mounts_unknown(c)]
        if hidden or not facts.containers_complete:
            return not_measured(
                *(f"the mounts of {id[:12]} are not known" for id in hidden[:10]), "a container may keep data"
            )
        return not_applicable("no container of Docker keeps data outside of itself")
    if (verdict := unread(facts, "/backups")) is not None:
        return verdict
    used = [f"{source} is in use" for source in volumes[:10]]
    if not facts.backups:
        # A provider's snapshots leave no trace on the host.
        return manual(*used, "no known backup tool has left a trace on this host")
    tools = " and ".join(sorted({backup.tool for backup in facts.backups}))
    newest = _newest_run(facts)
    if newest is not None and policy.is_older(newest, policy.recovery_point_days):
        return failed(*used, f"{tools} last ran on {newest.date()}, limit {policy.recovery_point_days} days")
    return not_measured(*used, f"whether {tools} holds them, outside of this host, only the job tells")


def _mounts_unknown(container: HostContainer) -> bool:
    return container.process is None or container.process.mounts is None
