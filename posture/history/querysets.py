"""Words for reading the history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import CharField, Q
from django.db.models.functions import Cast

if TYPE_CHECKING:
    from posture.accounts.models import User


class EntryQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        """A person limited to environments sees what was done there, and what they did themselves."""
        ids = user.environment_ids()
        if ids is None:
            return self
        # By name: the fleet is built on the history.
        nodes: Any = apps.get_model("fleet", "Node").objects.filter(environment__in=ids)
        return self.filter(
            Q(actor=user)
            | Q(object_kind="environment", object_id__in=[str(pk) for pk in ids])
            | Q(object_kind="node", object_id__in=nodes.values_list(Cast("pk", CharField())))
        )
