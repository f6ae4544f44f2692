"""Spells: the times that a finding was open, each from when it opened or came back until it was resolved.

An interval that begins at the very instant at which another one of its finding ended changed severity or evidence only, and
belongs to the same spell. These are parts of SQL statements; `%(start)s` and `%(end)s` are the moments that they look at,
`%(only)s` the ids of environments, or null for all.
"""

from __future__ import annotations

GROUPS = ("severity", "kind", "environment", "team")
NOBODY = "none"  # the group of what has no team

_FINDING = "f.asset_id, f.environment_id, f.team_id, f.kind, i.severity"
_INTERVALS = "FROM findings_openinterval i JOIN findings_finding f ON f.id = i.finding_id"

# Spells that began: `is_first` tells what opened from what came back.
BEGUN = f"""
    SELECT {_FINDING}, i.opened_at = f.first_opened_at AS is_first
    {_INTERVALS}
    WHERE i.opened_at >= %(start)s AND i.opened_at < %(end)s AND NOT EXISTS (
        SELECT FROM findings_openinterval b WHERE b.finding_id = i.finding_id AND b.closed_at = i.opened_at
    )
"""

# Spells that ended, when they had begun and were due. The last one began where the finding says; of others, it is looked up.
ENDED = f"""
    SELECT {_FINDING}, i.closed_at, i.due_at,
        date_trunc('day', i.closed_at, 'UTC') AS held_from, date_trunc('day', i.closed_at, 'UTC') + '1 day' AS held_until,
        CASE WHEN f.closed_at = i.closed_at THEN f.opened_at ELSE (
            SELECT max(b.opened_at) FROM findings_openinterval b
            WHERE b.finding_id = i.finding_id AND b.opened_at <= i.opened_at AND NOT EXISTS (
                SELECT FROM findings_openinterval c WHERE c.finding_id = b.finding_id AND c.closed_at = b.opened_at
            )
        ) END AS begun_at
    {_INTERVALS}
    WHERE i.closed_at >= %(start)s AND i.closed_at < %(end)s AND NOT EXISTS (
        SELECT FROM findings_openinterval a WHERE a.finding_id = i.finding_id AND a.opened_at = i.closed_at
    )
"""

# `moved`, which has asset, environment, `held_from` and `held_until`, in the environments that are asked for: a finding of
# an image lies in every one of which a host held the image in that time.
_SEEN = """
held AS MATERIALIZED (
    SELECT DISTINCT m.asset_id, m.held_from, h.environment_id
    FROM (SELECT DISTINCT asset_id, held_from, held_until FROM moved WHERE environment_id IS NULL) m
    JOIN images_presence p ON p.image_id = m.asset_id
        AND p.opened_at < m.held_until AND (p.closed_at IS NULL OR p.closed_at > m.held_from)
    JOIN fleet_asset h ON h.id = p.host_id AND h.environment_id IS NOT NULL
        AND (%(only)s::bigint[] IS NULL OR h.environment_id = ANY(%(only)s))
), seen AS MATERIALIZED (
    SELECT * FROM moved m
    WHERE %(only)s::bigint[] IS NULL OR m.environment_id = ANY(%(only)s)
        OR EXISTS (SELECT FROM held h WHERE h.asset_id = m.asset_id AND h.held_from = m.held_from)
)
"""
_KEYS = {"severity": "severity::text", "kind": "kind", "team": f"coalesce(team_id::text, '{NOBODY}')"}


def told(moved: str, by: str) -> str:
    """The beginning of a statement whose `told` has each row of `moved` once as `total`, once as its `day`, and once as
    `group`, with the `key` of the group; in each of its environments where the groups are those."""
    if by == "environment":
        grouped = """
    SELECT 'group', environment_id::text, s.* FROM seen s WHERE environment_id IS NOT NULL
    UNION ALL
    SELECT 'group', h.environment_id::text, s.* FROM seen s
    JOIN held h ON h.asset_id = s.asset_id AND h.held_from = s.held_from WHERE s.environment_id IS NULL"""
    else:
        grouped = f"SELECT 'group', {_KEYS[by]}, s.* FROM seen s"
    return f"""
WITH moved AS MATERIALIZED ({moved}), {_SEEN}, told AS (
    SELECT 'total' AS arm, '' AS key, s.* FROM seen s
    UNION ALL
    SELECT 'day', (s.held_from AT TIME ZONE 'UTC')::date::text, s.* FROM seen s
    UNION ALL
    {grouped}
)"""
