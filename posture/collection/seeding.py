"""Fills an empty installation with a believable fleet, for measuring lists at size. Never for real data.

Rows are made inside PostgreSQL, one statement a table; loads come from the product's own `risk.loads`. Choices that
look random come from hashes, so that two runs make the same fleet.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from posture.collection import seeding_reports
from posture.collection.catalogue import sync
from posture.collection.seeding_probes import seed_probes
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset
from posture.risk import loads

ENVIRONMENTS = ("Production", "Staging", "Development", "Payments", "Research", "Edge")
LOAD_BATCH = 5_000

# `pick(seed, n)`: an even choice from 0 to n - 1 that depends on nothing but the seed.
_PICK = (
    "CREATE FUNCTION pg_temp.pick(seed bigint, n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ "
    "SELECT (((hashint8extended(seed, 42) % n) + n) % n)::int $$"
)

_ENVIRONMENT = """
INSERT INTO fleet_environment (slug, name, description, line, data_classes, created_at)
SELECT lower(name), name, '', 100 + 20 * i, CASE WHEN i = 4 THEN '{cardholder}' ELSE '{}' END::varchar[], %(at)s
FROM unnest(%(environments)s::text[]) WITH ORDINALITY AS e(name, i)
"""

_HOSTS = """
INSERT INTO fleet_asset (kind, key, name, environment_id, first_seen_at, changed_at, state_fingerprint,
    results_fingerprint, own_energy, energy, coverage, open_critical, open_high, open_medium, open_low, open_info, evidence)
SELECT 'host', 'seed-host-' || i, (ARRAY['web','db','build','edge','api','cache'])[1 + pg_temp.pick(i, 6)]
    || '-' || lpad(i::text, 5, '0'), e.id, %(at)s - interval '1 day' * (30 + pg_temp.pick(i, 300)),
    %(at)s - interval '1 minute' * pg_temp.pick(i + 7, 40000), '', '', 0, 0, 0, 0, 0, 0, 0, 0, '{engine_audit}'
FROM generate_series(1, %(hosts)s) AS i
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM fleet_environment) e
    ON e.n = least(pg_temp.pick(i, 9), 5)
"""

# Most engines are reached over SSH, and with them their host; the others only over their own port.
_NODES = """
INSERT INTO fleet_node (name, kind, address, allow_plaintext, use_sudo, reads_host, environment_id, labels,
    credential_parts, host_key_fingerprint, interval_seconds, limit_seconds, limit_bytes, limit_items, paused, state, host_id,
    engine, last_success_at, host_read_at, consecutive_failures, next_due_at, created_at)
SELECT 'node-' || lpad(substr(a.key, 11), 5, '0'), 'docker',
    CASE WHEN m.probed THEN 'ssh://plimsoll@' || m.ip ELSE 'tcp://' || m.ip || ':2376' END, false, m.probed, m.probed,
    a.environment_id, jsonb_build_object('rack', 'r' || pg_temp.pick(a.id, 40)), '{}', '', 900, 300, 268435456, 20000, false,
    CASE WHEN pg_temp.pick(a.id, 50) = 0 THEN 'failing' WHEN pg_temp.pick(a.id, 20) = 1 THEN 'degraded' ELSE 'healthy' END,
    a.id, jsonb_build_object('name', 'docker', 'version', '28.3.2', 'api_version', '1.51'), m.seen,
    CASE WHEN m.probed THEN m.seen END, CASE WHEN pg_temp.pick(a.id, 50) = 0 THEN 3 ELSE 0 END,
    -- Nothing answers at these addresses: no worker shall try.
    %(at)s + interval '100 years' + interval '1 second' * a.id, a.first_seen_at
FROM fleet_asset a
CROSS JOIN LATERAL (SELECT pg_temp.pick(a.id + 17, 20) > 0 AS probed,
    '10.' || a.id / 65536 %% 256 || '.' || a.id / 256 %% 256 || '.' || a.id %% 256 AS ip,
    %(at)s - interval '1 second' * pg_temp.pick(a.id + 3, 3000) AS seen) m
WHERE a.kind = 'host'
"""

_HOST_STATES = """
INSERT INTO fleet_hoststate (asset_id, node_id, opened_at, fingerprint, name, operating_system, kernel_version,
    architecture, cpus, memory_bytes, engine, engine_version, api_version, storage_driver, cgroup_version, is_rootless,
    remaps_users, swarm_state)
SELECT a.id, n.id, a.changed_at, md5('host' || a.id), a.name,
    (ARRAY['Debian GNU/Linux 13 (trixie)', 'Ubuntu 24.04.3 LTS', 'Rocky Linux 9.6', 'Debian GNU/Linux 12 (bookworm)'])
        [1 + pg_temp.pick(a.id, 4)],
    '6.12.' || 20 + pg_temp.pick(a.id, 30), CASE WHEN pg_temp.pick(a.id, 8) = 0 THEN 'aarch64' ELSE 'x86_64' END,
    2 ^ (1 + pg_temp.pick(a.id, 6)), 2147483648 * 2 ^ pg_temp.pick(a.id, 6),
    CASE WHEN pg_temp.pick(a.id, 25) = 0 THEN 'podman' ELSE 'docker' END,
    '28.' || pg_temp.pick(a.id, 4) || '.' || pg_temp.pick(a.id + 1, 5),
    '1.51', 'overlay2', CASE WHEN pg_temp.pick(a.id, 30) = 0 THEN '1' ELSE '2' END, pg_temp.pick(a.id, 40) = 0,
    pg_temp.pick(a.id, 15) = 0, CASE WHEN pg_temp.pick(a.id, 12) = 0 THEN 'active' ELSE 'inactive' END
FROM fleet_asset a JOIN fleet_node n ON n.host_id = a.id WHERE a.kind = 'host'
"""

_IMAGES = """
INSERT INTO fleet_asset (kind, key, name, first_seen_at, changed_at, state_fingerprint, results_fingerprint, own_energy,
    energy, coverage, open_critical, open_high, open_medium, open_low, open_info, evidence)
SELECT 'image', 'sha256:' || md5('image' || i) || md5('digest' || i), 'registry.example.net/'
    || (ARRAY['shop','ledger','mail','search','build','web'])[1 + pg_temp.pick(i, 6)]
    || '/app-' || i / 7 || ':' || i %% 7 || '.' || pg_temp.pick(i, 30),
    %(at)s - interval '1 day' * (10 + pg_temp.pick(i, 300)), %(at)s - interval '1 minute' * pg_temp.pick(i + 7, 14000),
    '', '', 0, 0, 0, 0, 0, 0, 0, 0, '{configuration}'
FROM generate_series(1, %(images)s) AS i
"""

_IMAGE_ROWS = """
INSERT INTO images_image (asset_id, digest, fingerprint, os, architecture, size_bytes, created_at, "user",
    has_healthcheck, layer_digests, history)
SELECT id, key, md5(key), 'linux', CASE WHEN pg_temp.pick(id, 9) = 0 THEN 'arm64/v8' ELSE 'amd64' END,
    1000000 + pg_temp.pick(id, 2000000000), first_seen_at - interval '1 day' * pg_temp.pick(id + 5, 200),
    CASE WHEN pg_temp.pick(id, 3) = 0 THEN '' ELSE '10001' END, pg_temp.pick(id, 4) = 0,
    ARRAY['sha256:' || md5('layer' || id) || md5('layer')], NULL
FROM fleet_asset WHERE kind = 'image'
"""

_CONTAINERS = """
INSERT INTO fleet_asset (kind, key, name, environment_id, host_id, first_seen_at, changed_at, state_fingerprint,
    results_fingerprint, own_energy, energy, coverage, open_critical, open_high, open_medium, open_low, open_info, evidence)
SELECT 'container', 'seed-container-' || i, (ARRAY['web','worker','db','queue','proxy','cron','search'])[1 + pg_temp.pick(i, 7)]
    || '-' || i, h.environment_id, h.id, %(at)s - interval '1 minute' * (20000 + pg_temp.pick(i, 90000)),
    %(at)s - interval '1 second' * pg_temp.pick(i + 7, 1200000), '', '', 0, 0, 0, 0, 0, 0, 0, 0, '{engine_configuration}'
FROM generate_series(1, %(containers)s) AS i
JOIN (SELECT id, environment_id, row_number() OVER (ORDER BY id) - 1 AS n FROM fleet_asset WHERE kind = 'host') h
    ON h.n = i %% %(hosts)s
"""

# A few images run nearly everywhere, most run on a handful of hosts.
_CONTAINER_STATES = """
INSERT INTO fleet_containerstate (asset_id, host_id, image_id, opened_at, fingerprint, name, engine_container_id,
    image_reference, status, "user", privileged, exposed, network_mode, published, project, created_at, started_at, settings)
SELECT a.id, a.host_id, i.id, a.changed_at, md5('container' || a.id), a.name, md5(a.key) || md5(a.name), i.name,
    CASE pg_temp.pick(a.id, 10) WHEN 8 THEN 'exited' WHEN 9 THEN 'paused' ELSE 'running' END,
    CASE WHEN pg_temp.pick(a.id, 2) = 0 THEN '' ELSE '10001' END, pg_temp.pick(a.id, 60) = 0, pg_temp.pick(a.id, 12) = 0,
    (ARRAY['bridge','bridge','app_default','host'])[1 + pg_temp.pick(a.id, 4)],
    CASE WHEN pg_temp.pick(a.id, 12) = 0 THEN ARRAY['0.0.0.0:8080->80/tcp'] ELSE '{}' END,
    'project-' || pg_temp.pick(a.id + 11, 400), a.first_seen_at, a.changed_at, '[["Network", "bridge"]]'
FROM fleet_asset a
JOIN (SELECT id, name, row_number() OVER (ORDER BY id) - 1 AS n FROM fleet_asset WHERE kind = 'image') i
    ON i.n = floor(%(images)s * power(pg_temp.pick(a.id + 13, 1000000) / 1000000.0, 3))::int
WHERE a.kind = 'container'
"""

_PRESENCES = """
INSERT INTO images_presence (image_id, host_id, opened_at, "references", repo_digests)
SELECT c.image_id, c.host_id, min(i.first_seen_at), ARRAY[min(i.name)], '{}'
FROM fleet_containerstate c JOIN fleet_asset i ON i.id = c.image_id GROUP BY 1, 2
"""

# Every check has a failure rate of its own, so that the lists have common and rare values. What a host probe would have to
# measure is not measured on a host without one; of containers that it does not see it says nothing at all.
_RESULTS = """
INSERT INTO compliance_checkresult (asset_id, check_id, node_id, opened_at, outcome, severity, evidence)
SELECT a.id, c.id, s.node_id, greatest(a.first_seen_at, %(at)s - interval '1 second' * pg_temp.pick(a.id * 211 + c.id, 7000000)),
    CASE WHEN c.evidence_source <> 'Engine API' AND NOT (c.evidence_source LIKE 'Host probe%%' AND a.probe_fingerprint <> '')
         THEN 4 WHEN r.n < 8 + c.id * 37 %% 50 THEN 1 WHEN r.n < 94 THEN 0
         WHEN r.n < 98 THEN 3 ELSE 2 END,
    c.severity, CASE WHEN r.n < 8 + c.id * 37 %% 50 THEN ARRAY['The setting has its default value'] ELSE '{}' END
FROM fleet_asset a
JOIN compliance_check c ON c.asset_kind = a.kind AND NOT c.is_retired
LEFT JOIN fleet_hoststate s ON s.asset_id = coalesce(a.host_id, a.id)
CROSS JOIN LATERAL (SELECT pg_temp.pick(a.id * 977 + c.id, 100) AS n) r
WHERE a.kind = %(kind)s AND (a.kind <> 'container' OR c.evidence_source <> 'Host probe' OR a.probe_fingerprint <> '')
"""

_TALLIES = """
INSERT INTO compliance_tally (check_id, environment_id, outcome, assets)
SELECT r.check_id, a.environment_id, r.outcome, count(*)
FROM compliance_checkresult r JOIN fleet_asset a ON a.id = r.asset_id GROUP BY 1, 2, 3
"""

_FINDINGS = """
INSERT INTO findings_finding (asset_id, environment_id, kind, key, check_id, node_id, severity, points, factors, evidence,
    first_opened_at, opened_at, closed_at, times_opened)
SELECT r.asset_id, a.environment_id, 'failed_check', c.slug, r.check_id, r.node_id, r.severity,
    round(((ARRAY[2, 15, 40, 70, 90])[1 + r.severity] * (0.6 + pg_temp.pick(r.id, 50) / 100.0))::numeric, 2),
    '[]', r.evidence, r.opened_at, r.opened_at,
    CASE WHEN r.outcome = 0 THEN r.opened_at + interval '1 hour' END, 1
FROM compliance_checkresult r
JOIN fleet_asset a ON a.id = r.asset_id JOIN compliance_check c ON c.id = r.check_id
WHERE r.outcome = 1 OR (r.outcome = 0 AND pg_temp.pick(r.id, 40) = 0)
"""

_INTERVALS = """
INSERT INTO findings_openinterval (finding_id, opened_at, closed_at, severity, evidence)
SELECT id, opened_at, closed_at, severity, evidence FROM findings_finding
"""

_PULLS = """
INSERT INTO fleet_pull (node_id, state, trigger, attempt, token, queued_at, started_at, finished_at, worker,
    cancel_requested, step, steps, log, skipped, skipped_total, counts, bytes_read)
SELECT n.id, CASE WHEN pg_temp.pick(n.id * 31 + i, 30) = 0 THEN 'failed' ELSE 'succeeded' END, 'schedule', 1,
    gen_random_uuid(), p.at, p.at + interval '1 second',
    p.at + interval '1 second' * (2 + pg_temp.pick(n.id + i, 20)), 'seed', false, '',
    '[]', '[]', '[]', 0, '{"hosts": 1}', 100000
FROM fleet_node n CROSS JOIN generate_series(1, 5) AS i
CROSS JOIN LATERAL (SELECT n.last_success_at - interval '15 minutes' * i AS at) p
"""

BIG_TABLES = (
    "fleet_asset",
    "fleet_node",
    "fleet_pull",
    "fleet_hoststate",
    "fleet_containerstate",
    "fleet_hostprobe",
    "fleet_containerprobe",
    "fleet_document",
    "images_image",
    "images_presence",
    "compliance_checkresult",
    "compliance_tally",
    "defences_defence",
    "findings_finding",
    "findings_openinterval",
    "risk_load",
)


class NotEmpty(Exception):
    """The installation already knows assets."""


def seed(*, hosts: int, containers: int, images: int, findings: int = 0, say: Callable[[str], None]) -> None:
    """Make the fleet, with about `findings` vulnerabilities found in each image.

    Raises NotEmpty, having written nothing, where there already are assets."""
    if Asset.objects.exists():
        raise NotEmpty("This installation already has assets: seed only an empty one.")
    at = timezone.now()
    values: dict[str, Any] = {
        "at": at,
        "hosts": hosts,
        "containers": containers,
        "images": images,
        "environments": list(ENVIRONMENTS),
    }
    with transaction.atomic():
        sync()
        with connection.cursor() as cursor:
            cursor.execute(_PICK)
            for name, statement in (
                ("environments", _ENVIRONMENT),
                ("hosts", _HOSTS),
                ("nodes", _NODES),
                ("host states", _HOST_STATES),
                ("images", _IMAGES),
                ("image configurations", _IMAGE_ROWS),
                ("containers", _CONTAINERS),
                ("container states", _CONTAINER_STATES),
                ("presences", _PRESENCES),
                ("pulls", _PULLS),
            ):
                cursor.execute(statement, values)
                say(f"{cursor.rowcount:>10,} {name}")
            seed_probes(at, say)
            for kind in (AssetKind.HOST, AssetKind.IMAGE, AssetKind.CONTAINER):
                cursor.execute(_RESULTS, {**values, "kind": kind.value})
                say(f"{cursor.rowcount:>10,} check results of each {kind.label.lower()}")
            for name, statement in (
                ("tallies", _TALLIES),
                ("findings", _FINDINGS),
                ("times that findings were open", _INTERVALS),
            ):
                cursor.execute(statement, values)
                say(f"{cursor.rowcount:>10,} {name}")
            if findings:
                seeding_reports.seed_reports(at, images=images, findings=findings, say=say)
            cursor.execute("DROP FUNCTION pg_temp.pick(bigint, int)")
            cursor.execute("ANALYZE findings_finding, fleet_asset, fleet_containerstate")
        _loads(at, say)
    with connection.cursor() as cursor:
        for table in (*BIG_TABLES, *seeding_reports.BIG_TABLES):
            cursor.execute(f'VACUUM (ANALYZE) "{table}"')


def _loads(at: datetime, say: Callable[[str], None]) -> None:
    """Members before hosts, because a host's load holds theirs."""
    written = 0
    for kind in (AssetKind.IMAGE, AssetKind.CONTAINER, AssetKind.HOST):
        ids = list(Asset.objects.filter(kind=kind).order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(ids), LOAD_BATCH):
            written += len(loads.recompute(ids[start : start + LOAD_BATCH], at))
    say(f"{written:>10,} loads")
