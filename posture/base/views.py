"""What every resource inherits: list, item, facets, export, as_of, ETag; a subclass only declares itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.db.models import QuerySet
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from posture.base import export
from posture.base.filtersets import FilterSet
from posture.base.moments import parse_moment
from posture.base.ordering import Ordering, Orderings
from posture.base.pagination import KeysetPagination, walk_merged

if TYPE_CHECKING:
    from posture.accounts.models import User

EXPORT_BATCH = 500


def with_etag(request: Request, response: Response) -> Response:
    """Mark a JSON answer with a weak ETag of its content; the same content asked again is 304 without a body."""

    def conditional(rendered: Response) -> Any:
        if rendered.status_code != 200:
            return None
        etag = f'W/"{hashlib.blake2b(rendered.content, digest_size=16).hexdigest()}"'
        rendered.headers["ETag"] = etag
        return get_conditional_response(request._request, etag=etag, response=rendered)

    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ("Cookie", "Authorization"))
    response.add_post_render_callback(conditional)
    return response


class ResourceViewSet(GenericViewSet):
    """A read-only resource. Subclasses declare:

    `queryset`, `serializer_class`, `item_serializer_class` (with more fields), `filterset_class`,
    `orderings` (name in the address → columns; "-" means descending), `default_ordering`, `permissions`,
    `supports_as_of`, `filtered_actions` (those that take the filters), `lookup_path` (the column that the id in the
    address is), `label` (singular, for titles).

    A list is two queries: a page of ids from an index, then these rows with what they refer to (`rows`).
    """

    queryset: Any = None
    serializer_class: Any
    item_serializer_class: Any = None
    filterset_class: ClassVar[type[FilterSet]]
    orderings: ClassVar[Orderings] = {}
    default_ordering: ClassVar[str] = ""
    extra_parameters: ClassVar[tuple[str, ...]] = ()
    supports_as_of: ClassVar[bool] = False
    filtered_actions: ClassVar[tuple[str, ...]] = ("list", "facets", "export", "groups")
    permissions: ClassVar[Any] = {"GET": "fleet.view"}
    pagination_class = KeysetPagination
    lookup_path: ClassVar[str] = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ["get", "head", "options"]

    # -- what a subclass may say differently

    @property
    def user(self) -> User:
        """Who asks; views are reached only by who is signed in."""
        return cast("User", self.request.user)

    def base_queryset(self) -> Any:
        """Every row that exists at the moment asked for; visibility and filters come after."""
        return self.queryset.all()

    def rows(self, ids: Sequence[Any]) -> list[Any]:
        """The rows with these primary keys, in any order, with everything their serializer reads."""
        return list(self.detailed(self.base_queryset()).filter(pk__in=ids))

    def detailed(self, queryset: QuerySet) -> QuerySet:
        return queryset

    def keys(self, name: str) -> Ordering:
        return self.orderings[name]

    def attach(self, rows: list[Any]) -> None:
        """Load what rows show from other tables: one grouped query a page each, kept in `self.extras`."""

    # -- the machinery

    @cached_property
    def extras(self) -> dict[str, Any]:
        return {}

    @cached_property
    def moment(self) -> datetime | None:
        return parse_moment(self.request.query_params.get("as_of")) if self.supports_as_of else None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in SAFE_METHODS and "as_of" in request.query_params:
            raise Invalid({"as_of": ["The past cannot be changed: leave this out."]})

    def get_queryset(self) -> Any:
        return self.base_queryset().visible_to(self.user)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "extras": self.extras, "moment": self.moment}

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve" and self.item_serializer_class is not None:
            return self.item_serializer_class
        return self.serializer_class

    @cached_property
    def filterset(self) -> FilterSet:
        """The filters given. Raises Invalid for a value that a filter does not take."""
        return self.filterset_class(
            self.request.query_params, self.get_queryset(), request=self.request, moment=self.moment
        )

    def check_parameters(self, *reserved: str) -> None:
        """Refuse a parameter that would be ignored: a misspelt filter must not show everything."""
        known = {*reserved, *self.extra_parameters, *(("as_of",) if self.supports_as_of else ())}
        if self.action in self.filtered_actions:
            known |= set(self.filterset_class.known())
        for name, values in self.request.query_params.lists():
            if name not in known:
                raise Invalid(
                    {name: [f"Unknown parameter. Known here: {', '.join(sorted(known)) or 'none'}."]}
                )
            if len(values) > 1:
                raise Invalid({name: ["Given twice: separate several values with commas."]})

    def ordering_name(self) -> str:
        name = self.request.query_params.get("ordering") or self.default_ordering
        if name not in self.orderings:
            raise Invalid({"ordering": [f"“{name[:60]}” is not one of: {', '.join(self.orderings)}."]})
        return name

    def hydrate(self, ids: Sequence[Any]) -> list[Any]:
        if not ids:
            return []
        found = {row.pk: row for row in self.rows(ids)}
        # A row that went away between the two queries is left out, as if the page had been asked a moment later.
        rows = [found[pk] for pk in ids if pk in found]
        self.attach(rows)
        return rows

    def get_object(self) -> Any:
        number = int(self.kwargs[self.lookup_field])
        found = self.item_queryset().filter(**{self.lookup_path: number}).values_list("pk", flat=True).first()
        rows = self.hydrate([found]) if found is not None else []
        if not rows:
            raise Http404
        self.check_object_permissions(self.request, rows[0])
        return rows[0]

    def item_queryset(self) -> Any:
        return self.get_queryset()

    # -- the endpoints

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_parameters("cursor", "limit", "ordering")
        page = self.paginate_queryset(self.filterset.apply())
        data = self.get_serializer(page, many=True).data
        return with_etag(request, self.get_paginated_response(data))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_parameters()
        return with_etag(request, Response(self.get_serializer(self.get_object()).data))

    @action(detail=False, pagination_class=None)
    def facets(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_parameters("cursor", "limit", "ordering")
        return with_etag(request, Response({"facets": self.filterset.facets()}))

    @action(detail=False, url_path="export", pagination_class=None)
    def export(self, request: Request, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        self.check_parameters("cursor", "limit", "ordering", "format")
        kind = request.query_params.get("format", "csv")
        if kind not in export.FORMATS:
            raise Invalid({"format": [f"“{kind[:60]}” is not one of: {', '.join(export.FORMATS)}."]})
        name = self.ordering_name()
        keys = self.keys(name)
        rows = self.export_rows(self.filterset.branches(keys), keys)
        write = export.WRITERS[kind]
        response = StreamingHttpResponse(
            write(rows, cast(Serializer, self.get_serializer())), content_type=export.FORMATS[kind]
        )
        stamp = (self.moment or timezone.now()).strftime("%Y%m%dT%H%M%SZ")
        response.headers["Content-Disposition"] = f'attachment; filename="{self.basename}-{stamp}.{kind}"'
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def export_rows(self, branches: Sequence[QuerySet], keys: Ordering) -> Iterator[dict[str, Any]]:
        after = None
        while ids := walk_merged(branches, keys, after, EXPORT_BATCH):
            after = ids[-1][:-1]
            self.extras.clear()
            yield from self.get_serializer(self.hydrate([row[-1] for row in ids]), many=True).data
            if len(ids) < EXPORT_BATCH:
                return
