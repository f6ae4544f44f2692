"""Our own compose file and Dockerfile pass our own checks."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanners.checks.policy import Policy, PortApproval
from scanners.checks.run import judge
from scanners.image_use import ImageUse, ImageUseFacts
from scanners.records import CheckOutcome, Outcome
from tests.compose_facts import NOW, container_facts, image_facts, read_compose

ROOT = Path(__file__).resolve().parents[1]
SERVICES = read_compose(ROOT / "docker-compose.yml")
OWN = SERVICES["web"]["image"]
OWN_IMAGE = image_facts(ROOT / "Dockerfile", (OWN,))
POLICY = Policy(
    now=NOW,
    require_net_raw_drop=True,
    approved_ports=(PortApproval(8000, "plimsoll-web-1"),),
    trusted_base_images=("docker.io/library/python",),
)
FINE = {Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.NOT_MEASURED}
# Every check that our files do not pass, with the reason that stands.
EXEMPT = {
    "image.pinned-by-digest": "the file in the repository names versions; a release writes their digests",
}


def service_facts(name: str, **changes: Any) -> Any:
    service = SERVICES[name] | changes
    return container_facts(name, service, OWN_IMAGE if service["image"] == OWN else None)


def faults(facts: Any) -> list[CheckOutcome]:
    return [outcome for outcome in judge(facts, POLICY) if outcome.outcome not in FINE]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_passes_our_own_checks(name: str) -> None:
    outcomes = list(judge(service_facts(name), POLICY))
    assert sum(outcome.outcome is Outcome.PASS for outcome in outcomes) > 20, "the checks must have run"
    assert [(o.check, o.outcome, o.evidence) for o in outcomes if o.outcome not in FINE] == []


def test_our_image_passes_our_own_checks() -> None:
    assert {outcome.check for outcome in faults(OWN_IMAGE)} == set(EXEMPT)


def test_every_image_comes_from_a_registry_that_we_would_allow() -> None:
    use = ImageUse(
        environment="Production",
        references=tuple(service["image"] for service in SERVICES.values()),
        allowed_registries=("docker.io/library", "localhost/plimsoll"),
    )
    outcomes = {o.check: o.outcome for o in judge(ImageUseFacts(id="sha256:aa", uses=(use,)), POLICY)}
    assert outcomes["image.registry-allowed"] is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"privileged": True}, "docker.container.not-privileged"),
        ({"read_only": False}, "docker.container.readonly-rootfs"),
        ({"user": "0"}, "docker.container.user-non-root"),
        ({"security_opt": []}, "docker.container.no-new-privileges"),
        ({"mem_limit": 0}, "docker.container.memory-limit"),
        ({"pids_limit": 0}, "docker.container.pids-limit"),
        ({"restart": "always"}, "docker.container.restart-policy"),
        ({"ports": ["8000:8000"]}, "docker.container.bind-specific-address"),
        ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, "docker.container.no-engine-socket"),
        ({"environment": {"DB_PASSWORD": "correct horse"}}, "docker.container.no-secrets-in-env"),
        ({"logging": {"driver": "none"}}, "docker.container.log-driver-set"),
    ],
)
def test_a_weakened_service_would_be_caught(change: dict[str, Any], check: str) -> None:
    assert check in {outcome.check for outcome in faults(service_facts("web", **change))}


def test_an_option_that_the_reader_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="devices is not understood"):
        service_facts("web", devices=["/dev/kmsg"])


def test_every_service_has_a_version_a_health_check_and_limits() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[\w./-]+:\d+\.[\w.-]+", service["image"]), name
        assert service["healthcheck"]["test"], name
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service), name


def test_the_stores_are_on_a_network_without_a_way_out() -> None:
    networks = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["networks"]
    assert networks["data"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["data"] and "ports" not in SERVICES[name]


def test_the_secret_files_are_made_once_and_behind_a_closed_folder(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    command = [sys.executable, str(ROOT / "tools/compose_secrets.py"), str(folder)]
    first = subprocess.run(command, capture_output=True, text=True, check=True)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    again = subprocess.run(command, capture_output=True, text=True, check=True)

    declared = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]
    assert set(before) == set(declared)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert before["database_password"].strip() in before["database_url"]
    assert before["redis_config"].split()[1] in before["redis_url"]
    for value in before.values():
        assert value.strip() not in first.stdout + again.stdout
