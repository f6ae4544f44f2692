"""Counts of what is open on each asset itself, for installations that have assets already."""

from django.db import migrations

_COUNT = """
UPDATE fleet_asset a SET own_info = s.info, own_low = s.low, own_medium = s.medium, own_high = s.high,
    own_critical = s.critical
FROM (
    SELECT asset_id, count(*) FILTER (WHERE severity = 0) AS info, count(*) FILTER (WHERE severity = 1) AS low,
        count(*) FILTER (WHERE severity = 2) AS medium, count(*) FILTER (WHERE severity = 3) AS high,
        count(*) FILTER (WHERE severity = 4) AS critical
    FROM findings_finding WHERE closed_at IS NULL AND decided IS NULL GROUP BY 1
) s WHERE s.asset_id = a.id AND a.gone_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("risk", "0001_initial"),
        ("fleet", "0009_own_open"),
        ("findings", "0015_past_tallies"),
    ]

    operations = [migrations.RunSQL(_COUNT, migrations.RunSQL.noop)]
