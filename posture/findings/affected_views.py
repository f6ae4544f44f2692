"""Are we affected by a vulnerability or a package?"""

from __future__ import annotations

from typing import ClassVar, cast

import msgspec
from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.moments import parse_moment
from posture.base.parameters import only_known
from posture.base.views import with_etag
from posture.findings import affected
from posture.findings.affected_serializers import AffectedSerializer
from posture.fleet.filtersets import Environments, environment_ids

_KNOWN = ("q", "ecosystem", "versions", "environment", "as_of")


class AffectedView(APIView):
    permissions: ClassVar[dict[str, str]] = {"GET": "fleet.view"}

    @extend_schema(
        operation_id="affected",
        parameters=[
            OpenApiParameter("q", str, required=True, description="CVE, other name, package URL or package."),
            OpenApiParameter(
                "ecosystem", str, description="Type of package URLs, for a package: deb, npm, …"
            ),
            OpenApiParameter("versions", str, description="Bounds of a package's versions: >=1.2,<2.0"),
            OpenApiParameter(
                "environment", str, description="Environment ids or slugs, between commas: what lies there."
            ),
            OpenApiParameter("as_of", str, description="Ask of this past moment."),
        ],
        responses=AffectedSerializer,
    )
    def get(self, request: Request) -> Response:
        """What holds a package that is affected, and where it runs: by stored packages, without scanning anything."""
        only_known(request, *_KNOWN)
        given = request.query_params
        question = affected.Question(
            text=given.get("q", ""),
            ecosystem=given.get("ecosystem", ""),
            versions=given.get("versions", ""),
            environments=self.environments(given.get("environment", "")),
        )
        answer = affected.ask(question, cast(User, request.user), parse_moment(given.get("as_of")))
        return with_etag(request, Response(msgspec.structs.asdict(answer)))

    def environments(self, text: str) -> tuple[int, ...] | None:
        """Raises Invalid for what is neither an id nor a slug; those that are unknown hold nothing."""
        try:
            values = Environments().field.clean(text)
        except ValidationError as error:
            raise Invalid({"environment": error.messages}) from error
        return tuple(environment_ids(values)) if values else None
