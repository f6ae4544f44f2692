"""What was suspended before anybody could be told of it is not told of now."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("decisions", "0003_suspended_at")]

    operations = [
        migrations.RunSQL(
            "INSERT INTO integrations_suspension (decision_id, suspended_at) "
            "SELECT id, suspended_at FROM decisions_decision WHERE state = 'suspended' AND suspended_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
