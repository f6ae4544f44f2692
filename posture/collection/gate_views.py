"""POST /gate: may this image be deployed there?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, ClassVar, cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.accounts.models import User
from posture.base.parameters import only_known
from posture.base.problems import MEDIA_TYPE, Problem
from posture.base.serializers import ProblemSerializer
from posture.collection import gate
from posture.collection.uploads import chunks_of
from posture.collection.views import refuse_more_than
from posture.gate.models import GateDecision
from posture.gate.serializers import GateDecisionItemSerializer, GateQuestionSerializer
from posture.gate.views import environment_named

_KNOWN = ("environment", "name")
_SMALL = 64 * 1024  # no question by name is longer


class GateView(APIView):
    permissions: ClassVar[dict[str, str]] = {"POST": "gate.ask"}
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="gate",
        parameters=[
            OpenApiParameter("environment", str, description="Slug; whose policy holds. For a report."),
            OpenApiParameter("name", str, description="Name of the file. For a report."),
        ],
        request={
            "application/json": GateQuestionSerializer,
            "application/octet-stream": {"type": "string", "format": "binary"},
        },
        responses={
            200: GateDecisionItemSerializer,
            (400, MEDIA_TYPE): OpenApiResponse(ProblemSerializer, "No such image, or an unreadable report."),
        },
    )
    def post(self, request: Request) -> Response:
        """Whether an image may be deployed, by the policy of an environment, with the reasons when not.

        Name a stored image as JSON, {"image": digest or name, "environment": slug}; or send a report or SBOM of any known
        format as the body, with the media type application/octet-stream and `environment` in the address. The answer is
        200 in both cases: read `allowed`.
        """
        by = cast(User, request.user)
        only_known(request, *_KNOWN)
        if (request.content_type or "").startswith("application/json"):
            decision = self._of_image(request, by)
        else:
            decision = self._of_report(request, by)
        return Response(GateDecisionItemSerializer(decision).data)

    def _of_image(self, request: Request, by: User) -> GateDecision:
        refuse_more_than(_SMALL, request)  # a report goes with another media type
        serializer = GateQuestionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data: dict[str, Any] = cast(dict[str, Any], serializer.validated_data)
        environment = environment_named(by, data["environment"])
        return gate.ask_of_image(data["image"], environment, by, timezone.now())

    def _of_report(self, request: Request, by: User) -> GateDecision:
        environment = environment_named(by, request.query_params.get("environment", ""))
        with tempfile.TemporaryDirectory(prefix="plimsoll-") as folder:
            path, size = Path(folder) / "report", 0
            with path.open("wb") as file:
                for chunk in chunks_of(request._request):
                    size += len(chunk)
                    if size > settings.UPLOAD_MAX_BYTES:
                        raise Problem(
                            f"At most {settings.UPLOAD_MAX_BYTES} bytes are read.",
                            code="too_large",
                            status=413,
                        )
                    file.write(chunk)
            name = request.query_params.get("name", "report")
            return gate.ask_of_report(path, name, environment, by, timezone.now())
