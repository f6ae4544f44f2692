"""The page that the browser application starts from, for every path that is not the API's."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

NONCE_MARK = "__CSP_NONCE__"

_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Plimsoll: the pages are not built</title></head>
<body>
<h1>The pages are not built yet</h1>
<p>This server runs, but its front end has not been built.
Run <code>make build</code>, or start it with <code>make run</code>, which builds it.</p>
<p>The API answers meanwhile: <a href="/api/v1/docs">its documentation</a>.</p>
</body>
</html>
"""


@require_safe
def index(request: HttpRequest, path: str = "") -> HttpResponse:
    """The built index page with this request's nonce. Never cached: nonce and cookie belong to one visit."""
    try:
        page = Path(settings.FRONTEND_DIST, "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        response = HttpResponse(_NOT_BUILT, status=503)
    else:
        get_token(request)  # sets the CSRF cookie, which the application sends back in a header
        response = HttpResponse(page.replace(NONCE_MARK, str(request.csp_nonce)))  # type: ignore[attr-defined]
    response.headers["Cache-Control"] = "no-store"
    return response
