"""What host probes would have said of a seeded fleet: most hosts, and every container of theirs that runs.

A host is as its distribution installs it, with some of the habits of those who keep it; a container is started in one
of a few ways. Their defences are what `scanners.defences` makes of such facts, so the matrix and the documents agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from posture.base import upsert
from posture.defences.models import Defence
from posture.fleet.ingest import compress
from posture.fleet.models import Document, HostProbe
from scanners.checks.host_examples import probed, probed_container
from scanners.defences import assess
from scanners.host import HostFacts
from scanners.host_parts import parts_of

Changes = dict[str, Any]
BATCH = 1_000
APPARMOR, SELINUX = "apparmor", "selinux"
PACKAGES, SETS_OF_PACKAGES = 400, 25  # hosts of a distribution share what is installed with some others

_SELINUX: Changes = {
    "security_modules__order": ["lockdown", "capability", "yama", "selinux"],
    "security_modules__selinux": {"mode": "enforcing", "configured": "enforcing", "policy": "targeted"},
    "security_modules__apparmor": {"enabled": False},
}
_ANY_USER_NAMESPACES: Changes = {
    "security_modules__apparmor__restricts_user_namespaces": None,
    "confinement__namespaces__unprivileged_user": 1,
}
# Operating system as an engine names it -> what is special about it, and what its security module is.
_DISTRIBUTIONS: dict[str, tuple[str, Changes]] = {
    "Debian GNU/Linux 13 (trixie)": (
        APPARMOR,
        {"distribution__id": "debian", "distribution__version_id": "13", **_ANY_USER_NAMESPACES},
    ),
    "Debian GNU/Linux 12 (bookworm)": (
        APPARMOR,
        {"distribution__id": "debian", "distribution__version_id": "12", **_ANY_USER_NAMESPACES},
    ),
    "Ubuntu 24.04.3 LTS": (APPARMOR, {"distribution__id": "ubuntu", "distribution__version_id": "24.04"}),
    "Rocky Linux 9.6": (
        SELINUX,
        {"distribution__id": "rocky", "distribution__version_id": "9.6", **_ANY_USER_NAMESPACES, **_SELINUX},
    ),
}
_AS_INSTALLED: Changes = {
    "kernel__lockdown": "none",
    "kernel__secure_boot": "disabled",
    "kernel__kexec_load_disabled": 0,
    "kernel__modules__signatures_enforced": False,
    "kernel__options": {"SECCOMP_FILTER": "y", "BPF_SYSCALL": "y", "RANDOMIZE_BASE": "y", "MODULE_SIG": "y"},
    "integrity__ima": {"present": True, "measurements": 0, "violations": 0, "policy": []},
    "integrity__evm__state": 0,
    "sysctls__net.core.bpf_jit_harden": "0",
    "sysctls__kernel.kptr_restrict": "0",
    "audit__is_running": False,
    "audit__enabled": 0,
    "audit__rules": [],
    "sensors": [],
    "firewall": {"services": [], "input_policy": "accept"},
}
_FALCO = {"name": "falco", "path": "/usr/bin/falco", "version": "0.42.1"}
# Percent of hosts, and what they have of it.
_HABITS: tuple[tuple[int, Changes], ...] = (
    (
        40,
        {
            "kernel__secure_boot": "enabled",
            "kernel__lockdown": "integrity",
            "kernel__modules__signatures_enforced": True,
        },
    ),
    (55, {"sysctls__net.core.bpf_jit_harden": "2", "sysctls__kernel.kptr_restrict": "1"}),
    (25, {"kernel__kexec_load_disabled": 1}),
    (45, {"firewall": {"services": ["nftables"], "input_policy": "drop"}}),
    (30, {"audit__is_running": True, "audit__enabled": 1, "audit__rules": ["-w /usr/bin/dockerd -k docker"]}),
    (35, {"sensors": [{**_FALCO, "is_running": True}]}),
    (6, {"sensors": [{**_FALCO, "is_running": False}]}),
    (15, {"docker__settings__userns-remap": "default"}),
    (4, {"integrity__ima__policy": ["appraise func=BPRM_CHECK appraise_type=imasig"]}),
    (3, {"sysctls__kernel.unprivileged_bpf_disabled": "0"}),
    (5, {"sysctls__kernel.yama.ptrace_scope": "0"}),
    (5, {"kernel__parameters": ["quiet", "mitigations=off"]}),
    (8, {"kernel__reboot_required__marked": True}),
    (
        10,
        {
            "is_root": False,
            "integrity__ima__policy": None,
            "audit__rules": None,
            "firewall__input_policy": None,
            "not_measured": {
                "/integrity/ima/policy": "needs root",
                "/audit/rules": "needs root",
                "/firewall/input_policy": "needs root",
            },
        },
    ),
)
_PERMISSIVE_PERCENT = 4
_PERMISSIVE: dict[str, Changes] = {
    APPARMOR: {"security_modules__apparmor__profiles": {"docker-default": "complain"}},
    SELINUX: {"security_modules__selinux__mode": "permissive"},
}

_DEFAULT_CAPABILITIES = {"effective": "00000000a80425fb", "bounding": "00000000a80425fb", "ambient": "0" * 16}
_EVERY_CAPABILITY = {"effective": "000001ffffffffff", "bounding": "000001ffffffffff", "ambient": "0" * 16}
_DEFAULTS: Changes = {  # of an engine that was told nothing
    "process__user_id": 0,
    "process__user_map": [[0, 0, 4294967295]],
    "process__no_new_privileges": False,
    "process__capabilities": _DEFAULT_CAPABILITIES,
    "process__limits": {},
    "bundle__root_read_only": False,
}
_LIMITED: Changes = {**_DEFAULTS, "process__limits": {"memory_bytes": 536870912, "pids": 200}}
_SOCKET = {"source": "/run/docker.sock", "destination": "/run/docker.sock"}
# Percent of the containers that are not privileged, and what sets them apart from one that is confined in every way.
_WAYS: tuple[tuple[int, Changes], ...] = (
    (32, _DEFAULTS),
    (24, _LIMITED),
    (14, {**_LIMITED, "process__no_new_privileges": True}),
    (9, {**_LIMITED, "process__no_new_privileges": True, "bundle__root_read_only": True}),
    (7, {}),
    (4, {**_DEFAULTS, "process__seccomp": "disabled"}),
    (3, {**_DEFAULTS, "process__mounts": [_SOCKET]}),
    (2, {**_DEFAULTS, "process__shared_namespaces": ["net"]}),
    (2, {**_DEFAULTS, "process__shared_namespaces": ["pid", "net", "ipc"]}),
    (3, {**_DEFAULTS, "bundle": None}),
)
_PRIVILEGED: Changes = {
    **_DEFAULTS,
    "process__seccomp": "disabled",
    "process__capabilities": _EVERY_CAPABILITY,
    "process__label": "unconfined",
    "bundle__masked_paths": [],
    "bundle__read_only_paths": [],
}
_LABELS = {APPARMOR: "docker-default (enforce)", SELINUX: "system_u:system_r:container_t:s0:c1,c2"}
_ONLY_PRIVILEGED = -1  # where others have their percent

_HOSTS = """
SELECT a.id, n.id, a.name, a.changed_at, a.first_seen_at, s.operating_system, s.kernel_version, s.cgroup_version,
    pg_temp.pick(a.id * 7 + 3, %(sets)s),
    ARRAY(SELECT pg_temp.pick(a.id * 131 + i, 100) FROM generate_series(0, %(habits)s) AS i)
FROM fleet_asset a JOIN fleet_hoststate s ON s.asset_id = a.id JOIN fleet_node n ON n.host_id = a.id AND n.reads_host
ORDER BY a.id
"""

_CONTAINER_PROBES = """
INSERT INTO fleet_containerprobe (asset_id, host_id, opened_at, fingerprint, manager)
SELECT c.asset_id, c.host_id, c.opened_at, md5('confined' || c.asset_id), s.engine
FROM fleet_containerstate c JOIN fleet_hostprobe p ON p.asset_id = c.host_id
JOIN fleet_hoststate s ON s.asset_id = c.host_id
WHERE c.status IN ('running', 'paused')
"""

_WAYS_TABLE = """
CREATE TEMPORARY TABLE seed_way (module text, low int, high int, mechanism text, state text, evidence text[])
"""

_CONTAINER_DEFENCES = """
INSERT INTO defences_defence (asset_id, mechanism, state, state_since, evidence, opened_at)
SELECT p.asset_id, w.mechanism, w.state, a.first_seen_at, w.evidence,
    greatest(a.first_seen_at, p.opened_at - interval '1 second' * pg_temp.pick(p.asset_id + 5, 3000000))
FROM fleet_containerprobe p
JOIN fleet_asset a ON a.id = p.asset_id
JOIN fleet_containerstate c ON c.asset_id = p.asset_id
JOIN fleet_hostprobe h ON h.asset_id = p.host_id
CROSS JOIN LATERAL (SELECT CASE WHEN c.privileged THEN -1 ELSE pg_temp.pick(p.asset_id + 29, 100) END AS n) roll
JOIN seed_way w ON w.module = CASE WHEN h.distribution = 'rocky' THEN 'selinux' ELSE 'apparmor' END
    AND roll.n >= w.low AND roll.n < w.high
ORDER BY p.asset_id, w.mechanism
"""

# Some cells stood otherwise before: their interval ended when the present one began.
_EARLIER = """
WITH changed AS (
    UPDATE defences_defence d SET state_since = d.opened_at FROM fleet_asset a
    WHERE a.id = d.asset_id AND pg_temp.pick(d.id, 8) = 0 AND d.opened_at > a.first_seen_at + interval '1 hour'
    RETURNING d.asset_id, d.mechanism, d.state, d.opened_at, a.first_seen_at
)
INSERT INTO defences_defence (asset_id, mechanism, state, state_since, evidence, opened_at, closed_at)
SELECT asset_id, mechanism, CASE state WHEN 'enforcing' THEN 'absent' ELSE 'enforcing' END, first_seen_at, '{}',
    first_seen_at, opened_at
FROM changed
"""

# That no process of a stopped container runs is measured too, so it has the evidence without a probe of its own.
_MARKS = """
UPDATE fleet_asset a SET probe_fingerprint = coalesce(h.fingerprint, c.fingerprint, ''),
    evidence = CASE a.kind WHEN 'host' THEN '{engine_audit,host_probe}'
        ELSE '{engine_configuration,process_confinement}' END::varchar[]
FROM fleet_asset b
LEFT JOIN fleet_hostprobe h ON h.asset_id = b.id
LEFT JOIN fleet_containerprobe c ON c.asset_id = b.id
WHERE b.id = a.id AND (h.id IS NOT NULL OR a.host_id IN (SELECT asset_id FROM fleet_hostprobe))
"""


def seed_probes(at: datetime, say: Callable[[str], None]) -> None:
    """Probes and defences of the seeded hosts and containers, whose states are there; `pg_temp.pick` is too."""
    with connection.cursor() as cursor:
        cursor.execute(_HOSTS, {"sets": SETS_OF_PACKAGES, "habits": len(_HABITS)})
        hosts = cursor.fetchall()
    for start in range(0, len(hosts), BATCH):
        _store_hosts(hosts[start : start + BATCH], at)
    say(f"{len(hosts):>10,} host probes")
    with connection.cursor() as cursor:
        cursor.execute(_CONTAINER_PROBES)
        say(f"{cursor.rowcount:>10,} container probes")
        cursor.execute(_WAYS_TABLE)
        cursor.executemany("INSERT INTO seed_way VALUES (%s, %s, %s, %s, %s, %s)", _ways())
        for name, statement in (
            ("defences of containers", _CONTAINER_DEFENCES),
            ("earlier defences", _EARLIER),
            ("assets that a probe tells of", _MARKS),
        ):
            cursor.execute(statement)
            say(f"{cursor.rowcount:>10,} {name}")
        cursor.execute("DROP TABLE seed_way")


def _store_hosts(hosts: list[tuple[Any, ...]], at: datetime) -> None:
    probes, defences = [], []
    documents: dict[str, dict[str, Any]] = {}
    for asset_id, node_id, name, changed_at, first_seen_at, *rest in hosts:
        facts = _host(name, *rest)
        parts = parts_of(msgspec.to_builtins(facts))
        assert parts.packages is not None
        for part in (parts.host, parts.packages):
            documents.setdefault(part.fingerprint, part.document)
        assert facts.distribution is not None and facts.kernel is not None
        probes.append(
            (
                asset_id,
                node_id,
                changed_at,
                parts.host.fingerprint,
                parts.packages.fingerprint,
                facts.probe_version,
                facts.is_root,
                facts.distribution.id,
                facts.distribution.version_id,
                facts.distribution.pretty_name,
                facts.kernel.release,
                facts.kernel.reboot_required.marked,
            )
        )
        defences += [
            (asset_id, said.mechanism, said.state.value, first_seen_at, said.evidence, changed_at)
            for said in assess.on_host(facts)
        ]
    columns = (
        "asset_id",
        "node_id",
        "opened_at",
        "fingerprint",
        "packages_fingerprint",
        "probe_version",
        "is_root",
        "distribution",
        "distribution_version",
        "distribution_name",
        "kernel_release",
        "reboot_required",
    )
    upsert.copy(HostProbe, columns, probes)
    upsert.copy(Defence, ("asset_id", "mechanism", "state", "state_since", "evidence", "opened_at"), defences)
    known = set(Document.objects.filter(pk__in=documents).values_list("pk", flat=True))
    upsert.copy(
        Document,
        ("fingerprint", "body", "created_at"),
        [(name, compress(body), at) for name, body in sorted(documents.items()) if name not in known],
    )


def _host(
    name: str, operating_system: str, kernel: str, cgroups: str, packages: int, rolls: list[int]
) -> HostFacts:
    """`rolls` are numbers below 100: one for each habit, and one more."""
    module, changes = _DISTRIBUTIONS[operating_system]
    changes = {
        **changes,
        **_AS_INSTALLED,
        "host__name": name,
        "host__id": f"seed-{name}",
        "probe_version": "1.0",
        "distribution__pretty_name": operating_system,
        "kernel__release": kernel,
        "kernel__installed": [kernel],
        "confinement__cgroups__version": cgroups,
        "packages__installed": [
            [f"package-{number}", f"1.{number % 9 + (packages if number == packages else 0)}-1"]
            for number in range(PACKAGES)
        ],
    }
    for (percent, habit), roll in zip(_HABITS, rolls, strict=False):
        if roll < percent:
            changes |= habit
    if rolls[-1] < _PERMISSIVE_PERCENT:
        changes |= _PERMISSIVE[module]
    return probed(**changes)


def _ways() -> list[tuple[str, int, int, str, str, list[str]]]:
    """(security module, from, below, mechanism, state, evidence): the defences of containers by how they are started."""
    rows = []
    for module, label in _LABELS.items():
        low = 0
        for percent, changes in ((0, _PRIVILEGED), *_WAYS):
            facts = probed_container(**{"process__label": label, **changes})
            facts = msgspec.structs.replace(facts, host=probed(**(_SELINUX if module == SELINUX else {})))
            bounds = (low, low + percent) if percent else (_ONLY_PRIVILEGED, _ONLY_PRIVILEGED + 1)
            rows += [
                (module, *bounds, said.mechanism, said.state.value, list(said.evidence))
                for said in assess.on_container(facts)
            ]
            low += percent
    return rows
