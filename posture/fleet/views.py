"""Environments, nodes, pulls, hosts and containers: lists and items. Writes are mixed in from `write_views`."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, DurationField, ExpressionWrapper, F, FilteredRelation, Q, QuerySet, When

from posture.base.ordering import Ordering, by, only
from posture.base.views import ResourceViewSet
from posture.fleet import figures, filtersets, ingest, serializers
from posture.fleet.choices import AssetKind
from posture.fleet.models import Asset, ContainerState, Environment, HostState, Node, Pull
