from datetime import datetime

from scanners.checks.check import Verdict, check, failed, manual, not_measured, passed
from scanners.checks.examples import engine, volume
from scanners.checks.policy import Policy
from scanners.records import EngineFacts, Severity, VolumeFacts


def _is_old(volume: VolumeFacts, policy: Policy) -> bool:
    return volume.created_at is None or policy.is_older(volume.created_at, policy.orphan_volume_days)


def _is_kept(volume: VolumeFacts, policy: Policy) -> bool:
    """Labelled with an owner and a date that has not passed."""
    if not volume.labels.get(policy.volume_owner_label):
        return False
    try:
        until = datetime.fromisoformat(volume.labels.get(policy.volume_until_label, ""))
    except ValueError:
        return False
    return not policy.is_older(until, 0)


@check(
    id="docker.ops.orphan-volumes",
    title="No unattached volumes with data left behind",
    severity=Severity.MEDIUM,
    subject=EngineFacts,
    rationale=(
        "Volumes outlive their containers and are the most common place where personal or card data is "
        "forgotten."
    ),
    remediation="Review the content, then docker volume rm; record kept volumes.",
    good=[
        engine(volumes=(volume(is_dangling=False),)),
        engine(
            volumes=(volume(labels={"plimsoll.keep.owner": "db team", "plimsoll.keep.until": "2027-01-01"}),)
        ),
    ],
    bad=[engine(volumes=(volume(),))],
)
def orphan_volumes(facts: EngineFacts, policy: Policy) -> Verdict:
    if facts.volumes is None:
        return not_measured("the list of volumes could not be read")
    if any(volume.is_dangling is None for volume in facts.volumes):
        return not_measured("which volumes are unattached could not be read")
    orphans = [volume for volume in facts.volumes if volume.is_dangling and _is_old(volume, policy)]
    orphans = [volume for volume in orphans if volume.size_bytes != 0 and not _is_kept(volume, policy)]
    with_data = sorted(volume.name for volume in orphans if volume.size_bytes is not None)
    if with_data:
        days = policy.orphan_volume_days
        return failed(
            *(f"volume {name}: unattached, with data, older than {days} days" for name in with_data)
        )
    if orphans:
        return manual(
            *(f"volume {name}: unattached, size not known" for name in sorted(v.name for v in orphans))
        )
    return passed()
