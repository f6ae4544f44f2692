"""What scanners would have said of a seeded fleet's images: packages, vulnerabilities, findings and each tool's word.

A few packages are in nearly every image and most are in a handful, as in a fleet; each has two vulnerabilities.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from posture.findings import tallies

POOL = 10_000  # packages in the fleet; a small one has as many as its images could hold
VULNERABILITIES_EACH = 2

_PACKAGES = """
INSERT INTO vulnerabilities_package (ecosystem, namespace, name, version, architecture, distribution, source_name,
    source_version, lookups, first_seen_at)
SELECT e.name, CASE e.name WHEN 'deb' THEN 'debian' ELSE '' END, 'lib' || lpad((i / 3)::text, 5, '0'),
    '1.' || i %% 3 || '.' || pg_temp.pick(i, 20), CASE e.name WHEN 'deb' THEN 'amd64' ELSE '' END,
    CASE e.name WHEN 'deb' THEN 'debian-12' ELSE '' END, CASE e.name WHEN 'deb' THEN 'src' || i / 9 ELSE '' END, '1',
    -- As `scanners.advisories.names` makes them of such names.
    CASE e.name WHEN 'deb'
        THEN ARRAY['deb|debian-12|lib' || lpad((i / 3)::text, 5, '0'), 'deb|debian-12|src' || i / 9 || '|source']
        ELSE ARRAY[e.name || '||lib' || lpad((i / 3)::text, 5, '0')] END,
    %(at)s - interval '1 day' * pg_temp.pick(i, 300)
FROM generate_series(1, %(pool)s) AS i
CROSS JOIN LATERAL (SELECT (ARRAY['deb','deb','deb','deb','npm','pypi','golang'])[1 + pg_temp.pick(i + 3, 7)] AS name) e
"""

_VULNERABILITIES = """
INSERT INTO vulnerabilities_vulnerability (key, title, description, severity, severities, scores, weaknesses, "references",
    published_at, modified_at, epss, epss_percentile, exploited_since, fix_due_at, is_used_by_ransomware, first_seen_at)
SELECT 'CVE-' || 2016 + i %% 11 || '-' || 100000 + i, 'A flaw number ' || i || ' of a parser', 'What it is.', s.n,
    jsonb_build_object('nvd', s.n), jsonb_build_array(jsonb_build_array('nvd',
        'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 2.0 * s.n + 1.5)), ARRAY['CWE-787'],
    ARRAY['https://example.net/' || i], p.at, p.at, power(pg_temp.pick(i + 11, 1000) / 1000.0, 6),
    pg_temp.pick(i + 11, 1000) / 1000.0, CASE WHEN pg_temp.pick(i, 80) = 0 THEN p.at::date END,
    CASE WHEN pg_temp.pick(i, 80) = 0 THEN p.at::date + 21 END, pg_temp.pick(i, 400) = 0, p.at
FROM generate_series(1, %(vulnerabilities)s) AS i
CROSS JOIN LATERAL (SELECT (ARRAY[4,3,3,2,2,2,2,1,1,1])[1 + pg_temp.pick(i + 5, 10)] AS n) s
CROSS JOIN LATERAL (SELECT %(at)s - interval '1 day' * pg_temp.pick(i, 900) AS at) p
"""
_ALIASES = "INSERT INTO vulnerabilities_alias (name, vulnerability_id) SELECT key, id FROM vulnerabilities_vulnerability"

_LISTS = """
INSERT INTO vulnerabilities_packagelist (asset_id, tool, opened_at, packages, layers)
SELECT a.id, 'trivy', a.first_seen_at, l.packages, array_fill(0, ARRAY[cardinality(l.packages)])
FROM fleet_asset a
CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT DISTINCT f.id + floor(%(pool)s * power(pg_temp.pick(a.id * 1009 + k, 1000000) / 1000000.0, 2))::int
        FROM generate_series(1, %(packages)s) AS k ORDER BY 1) AS packages
    FROM (SELECT min(id)::int AS id FROM vulnerabilities_package) f
) l
WHERE a.kind = 'image'
"""

# Vulnerability i is of package i modulo their number. One in 30 findings is resolved.
_FINDINGS = """
INSERT INTO findings_finding (asset_id, kind, key, vulnerability_id, package_id, severity, points, factors, evidence,
    first_opened_at, opened_at, closed_at, times_opened, agreement, fix)
SELECT l.asset_id, 'vulnerability', v.key || ' ' || p.id, v.id, p.id, v.severity,
    round(((ARRAY[2, 15, 40, 70, 90])[1 + v.severity] * (0.6 + pg_temp.pick(v.id * 31 + l.asset_id, 50) / 100.0))::numeric, 2),
    '[]', '{}', t.at, t.at,
    CASE WHEN pg_temp.pick(v.id * 17 + l.asset_id, 30) = 0 THEN t.at + interval '1 hour' END, 1,
    CASE WHEN l.asset_id %% 3 = 0 THEN 2 WHEN pg_temp.pick(v.id + l.asset_id, 40) = 0 THEN 1 ELSE 0 END,
    (ARRAY[1, 1, 1, 2, 3])[1 + pg_temp.pick(v.id, 5)]
FROM vulnerabilities_packagelist l
CROSS JOIN LATERAL unnest(l.packages) AS p(id)
JOIN (SELECT *, (id - min(id) OVER ()) %% %(pool)s AS n FROM vulnerabilities_vulnerability) v
    ON v.n = p.id - (SELECT min(id) FROM vulnerabilities_package)
CROSS JOIN LATERAL (
    SELECT %(at)s - interval '1 second' * pg_temp.pick(v.id * 13 + l.asset_id, 20000000) AS at
) t
"""
_INTERVALS = """
INSERT INTO findings_openinterval (finding_id, opened_at, closed_at, severity, evidence)
SELECT id, opened_at, closed_at, severity, evidence FROM findings_finding WHERE kind = 'vulnerability'
"""
_WORDS = """
INSERT INTO findings_attribution (finding_id, tool, severity, status, fixed_versions, outranks, opened_at, closed_at)
SELECT f.id, t.tool, f.severity, f.fix, CASE WHEN f.fix = 1 THEN ARRAY['1.9.9'] ELSE '{}' END, t.tool = 'trivy',
    f.opened_at, f.closed_at
FROM findings_finding f CROSS JOIN (VALUES ('trivy'), ('grype')) AS t(tool)
WHERE f.kind = 'vulnerability' AND (t.tool = 'trivy' OR f.agreement = 0)
"""
_SCANS = """
INSERT INTO vulnerabilities_scan (asset_id, tool, tool_version, format, state, reason, fingerprint, told_at, first_seen_at,
    last_seen_at, findings, packages, skipped, skipped_total, report_mark, report_images)
SELECT l.asset_id, t.tool, '1.0', 'JSON', 'done', '', md5(l.id::text), %(at)s, l.opened_at, %(at)s,
    cardinality(l.packages) * 2, CASE t.tool WHEN 'trivy' THEN cardinality(l.packages) END, '[]', 0, '', 0
FROM vulnerabilities_packagelist l CROSS JOIN (VALUES ('trivy'), ('grype')) AS t(tool)
WHERE t.tool = 'trivy' OR l.asset_id %% 3 <> 0
"""
_WITNESSES = """
INSERT INTO findings_witness (asset_id, tool, ecosystems)
SELECT asset_id, tool, '{deb,golang,npm,pypi}' FROM vulnerabilities_scan
"""

BIG_TABLES = (
    "vulnerabilities_package",
    "vulnerabilities_vulnerability",
    "vulnerabilities_alias",
    "vulnerabilities_packagelist",
    "vulnerabilities_scan",
    "findings_attribution",
    "findings_witness",
    "findings_tally",
    "findings_placement",
)


def seed_reports(at: datetime, *, images: int, findings: int, say: Callable[[str], None]) -> None:
    """Have every image scanned, with about `findings` in each. Expects `pg_temp.pick` of `seeding`."""
    pool = max(min(POOL, images * findings), 1)
    values: dict[str, Any] = {
        "at": at,
        "pool": pool,
        "packages": max(findings // VULNERABILITIES_EACH, 1),
        "vulnerabilities": pool * VULNERABILITIES_EACH,
    }
    with connection.cursor() as cursor:
        for name, statement in (
            ("packages", _PACKAGES),
            ("vulnerabilities", _VULNERABILITIES),
            ("names of vulnerabilities", _ALIASES),
            ("lists of packages", _LISTS),
            ("findings of scanners", _FINDINGS),
            ("times that these were open", _INTERVALS),
            ("words of scanners", _WORDS),
            ("scans", _SCANS),
            ("tools that looked", _WITNESSES),
        ):
            cursor.execute(statement, values)
            say(f"{cursor.rowcount:>10,} {name}")
        cursor.execute(
            "UPDATE fleet_asset SET evidence = evidence || '{packages,vulnerability_scan}' WHERE kind = 'image'"
        )
        cursor.execute("ANALYZE findings_finding, vulnerabilities_packagelist, vulnerabilities_package")
    say(f"{tallies.recount():>10,} tallies of vulnerabilities")
