"""Parameters of single endpoints, beside the filters of lists."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.request import Request

AS_OF = OpenApiParameter("as_of", str, description="Show what was true at this past moment.")


def only_known(request: Request, *names: str) -> None:
    """Refuse a parameter that would be ignored: a misspelt one must not show something else than was asked for."""
    for name in request.query_params:
        if name not in names:
            raise Invalid({name: [f"Unknown parameter. Known here: {', '.join(names) or 'none'}."]})
