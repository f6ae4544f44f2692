"""The distribution of a host as the life-cycle data knows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scanners.checks.check import Verdict, failed, not_measured, passed
from scanners.checks.host_evidence import unread
from scanners.checks.lifecycle import judge_support
from scanners.checks.policy import Policy
from scanners.host import HostFacts
from scanners.records import Outcome

# ID of os-release(5) -> the product in lifecycle.yaml.
_PRODUCTS = {
    "debian": "debian",
    "ubuntu": "ubuntu",
    "alpine": "alpine-linux",
    "rhel": "rhel",
    "amzn": "amazon-linux",
}
# What an engine calls the same: PRETTY_NAME of os-release(5).
_NAMES = (
    ("debian", re.compile(r"Debian GNU/Linux (\d+)")),
    ("ubuntu", re.compile(r"Ubuntu (\d+\.\d+)")),
    ("alpine", re.compile(r"Alpine Linux v(\d+\.\d+)")),
    ("rhel", re.compile(r"Red Hat Enterprise Linux (?:\w+ )?(\d+)")),
    ("amzn", re.compile(r"Amazon Linux (\d+)")),
)


def judge_distribution(facts: HostFacts, policy: Policy) -> Verdict:
    """Whether the distribution's release still gets security fixes."""
    needed = ("/distribution/id", "/distribution/version_id", "/distribution/support_end")
    if (verdict := unread(facts, *needed)) is not None:
        return verdict
    system = facts.distribution
    if system is None or not system.id:
        return not_measured("the host has no os-release")
    if not system.version_id:
        return not_measured(f"{system.id} names no release")
    verdict = judge_release(system.id, system.version_id, policy)
    if verdict.outcome is not Outcome.NOT_MEASURED or not system.support_end:
        return verdict
    return _by_its_own_word(f"{system.id} {system.version_id}", system.support_end, policy)


def judge_release(id: str, version: str, policy: Policy) -> Verdict:
    product = _PRODUCTS.get(id)
    if product is None:
        return not_measured(f"{id} {version} is a distribution that the life-cycle data does not know")
    return judge_support(product, version, id, policy)


def judge_name(name: str, policy: Policy) -> Verdict:
    """The same by the name that an engine gives its operating system."""
    for id, pattern in _NAMES:
        if match := pattern.match(name):
            return judge_release(id, match[1], policy)
    return not_measured(f"OperatingSystem is {name or 'not told'}, which the life-cycle data does not know")


def _by_its_own_word(release: str, support_end: str, policy: Policy) -> Verdict:
    try:
        end = datetime.strptime(support_end, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return not_measured(f"{release}: SUPPORT_END is no date")
    if policy.is_older(end, 1):
        return failed(f"{release}: support ended on {support_end}, by its os-release")
    return passed(f"{release}: supported until {support_end}, by its os-release")
