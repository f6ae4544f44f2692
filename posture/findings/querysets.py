"""Words for reading findings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from posture.findings.choices import WEIGHS, FindingState
from posture.findings.states import in_states, were_in_states
from posture.fleet.querysets import within

if TYPE_CHECKING:
    from posture.accounts.models import User


class FindingQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        ids = user.environment_ids()
        return self if ids is None else self.filter(within(ids, "asset__"))

    def open(self, moment: datetime | None = None) -> Self:
        """Open now, or at `moment`."""
        if moment is None:
            return self.filter(closed_at__isnull=True)
        return self.filter(first_opened_at__lte=moment).filter(Exists(self._intervals_at(moment)))

    def resolved(self, moment: datetime | None = None) -> Self:
        """Known and not open, now or at `moment`."""
        if moment is None:
            return self.filter(closed_at__isnull=False)
        return self.filter(first_opened_at__lte=moment).filter(~Exists(self._intervals_at(moment)))

    def undecided(self, moment: datetime | None = None) -> Self:
        """Nobody decided anything of it, now or at `moment`."""
        if moment is None:
            return self.filter(decided__isnull=True)
        return self.filter(~Exists(self._verdicts_at(moment).filter(finding=OuterRef("pk"))))

    def on_the_worklist(self, moment: datetime | None = None) -> Self:
        """Open, and nothing is decided."""
        return self.open(moment).undecided(moment)

    def weighing(self, moment: datetime | None = None) -> Self:
        """Open, and part of the load: undecided, or a risk that was accepted; now, or at `moment`."""
        if moment is None:
            return self.open().filter(Q(decided__isnull=True) | Q(decided=WEIGHS))
        lightening = self._verdicts_at(moment).filter(finding=OuterRef("pk")).exclude(outcome=WEIGHS)
        return self.open(moment).filter(~Exists(lightening))

    def in_states(self, states: Iterable[FindingState], moment: datetime | None = None) -> Self:
        if moment is None:
            return self.filter(in_states(states))
        intervals: Any = self.model._meta.get_field("intervals").related_model
        return self.filter(first_opened_at__lte=moment).filter(
            were_in_states(states, intervals.objects.as_of(moment), self._verdicts_at(moment))
        )

    def with_severity(self, moment: datetime | None = None) -> Self:
        """Open ones, each with `severity_then`: what it is, or was at `moment`."""
        if moment is None:
            return self.annotate(severity_then=F("severity"))
        return self.annotate(severity_then=Subquery(self._intervals_at(moment).values("severity")[:1]))

    def known(self, moment: datetime | None = None) -> Self:
        """Everything ever found until now, or until `moment`."""
        return self if moment is None else self.filter(first_opened_at__lte=moment)

    def _verdicts_at(self, moment: datetime) -> Any:
        # The model behind a reverse relation: decisions stand above findings.
        verdicts: Any = self.model._meta.get_field("verdicts").related_model
        return verdicts.objects.as_of(moment)

    def _intervals_at(self, moment: datetime) -> Any:
        intervals: Any = self.model._meta.get_field("intervals").related_model
        return intervals.objects.as_of(moment).filter(finding=OuterRef("pk"))
