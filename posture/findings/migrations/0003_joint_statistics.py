from django.db import migrations


class Migration(migrations.Migration):
    """A check gives one severity, rarely another. Told so, the planner no longer reads millions of rows in the order
    of their times to find that none of them has a severity that the check never gives."""

    dependencies = [("findings", "0002_faster_lists")]

    operations = [
        migrations.RunSQL(
            "CREATE STATISTICS IF NOT EXISTS finding_check_severity (dependencies, mcv) "
            "ON check_id, severity FROM findings_finding",
            "DROP STATISTICS IF EXISTS finding_check_severity",
        ),
        migrations.RunSQL(
            "ALTER STATISTICS finding_check_severity SET STATISTICS 1000",
            migrations.RunSQL.noop,
        ),
    ]
