"""The OpenAPI document: what each resource declares, said in OpenAPI; nothing is described twice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from posture.base.examples import example_of
from posture.base.export import FORMATS
from posture.base.permissions import PUBLIC, needed_permission
from posture.base.serializers import FacetsSerializer, ProblemSerializer

PROBLEM = "application/problem+json"
PROBLEMS = {
    "400": "The request breaks a rule; `errors` names the parameter or field.",
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "The sender's role or the token's scope does not allow this.",
    "404": "There is nothing here, or nothing that the sender may see.",
    "409": "The present state does not admit this.",
}


class Schema(AutoSchema):
    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is not None:
            self._add_problems(operation)
        return operation

    def _declared(self) -> Any:
        """The resource (`base.views.ResourceViewSet`), when this is one of its reading endpoints."""
        return self.view if hasattr(self.view, "filterset_class") and self.method == "GET" else None

    def get_response_serializers(self) -> Any:
        resource = self._declared()
        return (
            FacetsSerializer
            if resource is not None and resource.action == "facets"
            else super().get_response_serializers()
        )

    def get_summary(self) -> str | None:
        resource = self._declared()
        if resource is None:
            return super().get_summary()
        noun = self.get_tags()[0].replace("-", " ")
        return {
            "list": f"List {noun}",
            "retrieve": f"One of the {noun}",
            "facets": f"Values to filter {noun} by, with counts",
            "export": f"Export {noun} as CSV or JSON lines",
        }.get(resource.action, super().get_summary())

    def get_operation_id(self) -> str:
        resource = self._declared()
        if resource is not None and resource.action in ("facets", "export"):
            return "_".join(
                [*(part.replace("-", "_") for part in self._tokenize_path()[:-1]), resource.action]
            )
        return super().get_operation_id()

    def _is_list_view(self, serializer: Any = None) -> bool:
        resource = self._declared()
        if resource is not None and resource.action != "list":
            return resource.action == "groups"
        return super()._is_list_view(serializer)

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        resource = self._declared()
        if resource is None:
            return []
        parameters: list[dict[str, Any]] = []
        if resource.action in resource.filtered_actions:
            for name, item in resource.filterset_class.base_filters.items():
                schema = item.schema()
                parameter = _parameter(name, schema, item.help_text or item.label)
                if schema["type"] == "array":
                    parameter |= {"style": "form", "explode": False}
                parameters.append(parameter)
        if resource.action in ("list", "export"):
            orderings = {
                "type": "string",
                "enum": list(resource.orderings),
                "default": resource.default_ordering,
            }
            parameters.append(
                _parameter("ordering", orderings, "Each is served by an index; “-” means descending.")
            )
        if resource.action == "export":
            kinds = {"type": "string", "enum": list(FORMATS), "default": "csv"}
            parameters.append(_parameter("format", kinds, "CSV, or one JSON object a line."))
        if resource.supports_as_of:
            moment = {"type": "string", "format": "date-time", "example": "2026-01-31T12:00:00Z"}
            parameters.append(_parameter("as_of", moment, "Show what was true at this past moment."))
        return parameters

    def _get_pagination_parameters(self) -> list[dict[str, Any]]:
        resource = self._declared()
        return (
            [] if resource is not None and resource.action != "list" else super()._get_pagination_parameters()
        )

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        resource = self._declared()
        if resource is not None and resource.action == "export":
            content = {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in FORMATS.values()}
            return {"200": {"description": "Every matching row, streamed.", "content": content}}
        bodies = super()._get_response_bodies(direction)
        for body in bodies.values():
            body["description"] = body.get("description") or "As described."
        if resource is not None and (body := bodies.get("200")) and resource.action in ("list", "retrieve"):
            body["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."}}
            bodies["304"] = {"description": "Unchanged since the ETag in If-None-Match."}
        return bodies

    def _get_examples(
        self, serializer: Any, direction: Any, media_type: str, status_code: Any = None, extras: Any = None
    ) -> Any:
        given = super()._get_examples(serializer, direction, media_type, status_code, extras)
        if given or not isinstance(serializer, BaseSerializer):
            return given
        many = isinstance(serializer, serializers.ListSerializer)
        one: Any = serializer.child if isinstance(serializer, serializers.ListSerializer) else serializer
        value = example_of(one, writing=direction == "request")
        if direction == "response" and self._is_list_view(serializer):
            listed = [value]
            value = (
                {"results": listed, "next": None, "count": {"value": 1, "exact": True}}
                if self._get_paginator()
                else listed
            )
        elif many:
            value = [value]
        return {"Example": {"value": value}}

    def _add_problems(self, operation: dict[str, Any]) -> None:
        public = needed_permission(self.view, self.method) == PUBLIC
        component = self.resolve_serializer(ProblemSerializer, "response").ref
        has_id = "{" in self.path
        for code, description in PROBLEMS.items():
            if (
                (code in ("403",) and public)
                or (code == "404" and not has_id)
                or (code == "409" and self.method == "GET")
            ):
                continue
            operation["responses"].setdefault(
                code, {"description": description, "content": {PROBLEM: {"schema": component}}}
            )


def _parameter(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "posture.accounts.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A browser's sign-in. Unsafe methods also send the CSRF cookie's value in X-CSRFToken.",
        }


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "posture.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token: `Authorization: Bearer plm_…`.",
        }
