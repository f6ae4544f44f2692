"""What was counted at the end of each day. How: `counting`."""

from __future__ import annotations

from django.db import models


class CountedDay(models.Model):
    """A day (UTC) whose end was counted, and when. Counted before its end it is counted again."""

    day = models.DateField(primary_key=True)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.day)


class DailyCount(models.Model):
    """Findings of one kind, severity and team on one day, in an environment or (null) in the whole fleet. What is counted:
    see `counting`."""

    day = models.ForeignKey(CountedDay, on_delete=models.CASCADE, related_name="counts", db_index=False)
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # As it was when the day was counted. No constraint: what was counted outlives the team.
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(max_length=20)
    severity = models.SmallIntegerField()
    opened = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    resolved = models.IntegerField(default=0)
    open = models.IntegerField(default=0)  # on the worklist at the end of the day
    decided = models.IntegerField(default=0)  # open then, and hidden by a decision

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("environment", "day", "kind", "severity", "team"),
                nulls_distinct=False,
                name="one_daily_count",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day_id}: {self.open} open"


class DailyLoad(models.Model):
    """The load of an environment, or (null) of the whole fleet, at the end of a day; null where nothing was measured."""

    day = models.ForeignKey(CountedDay, on_delete=models.CASCADE, related_name="loads", db_index=False)
    environment = models.ForeignKey(
        "fleet.Environment", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    load = models.FloatField(null=True)
    line = models.FloatField(null=True)  # as it stood when it was counted; the fleet has none
    coverage = models.FloatField(null=True)
    band = models.FloatField(null=True)
    hosts = models.IntegerField(default=0)
    hosts_above = models.IntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("environment", "day"), nulls_distinct=False, name="one_daily_load"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day_id}: {self.load}"
