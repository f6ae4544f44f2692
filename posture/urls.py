"""The API under /api/v1/; every other path is a page of the browser application."""

from django.urls import include, path, re_path

from posture.base import frontend, problems

handler400 = "posture.base.problems.bad_request"
handler403 = "posture.base.problems.permission_denied"
handler404 = "posture.base.problems.not_found"
handler500 = "posture.base.problems.server_error"

urlpatterns = [
    path("api/v1/", include("posture.api")),
    re_path(r"^api(?:/(?P<path>.*))?$", problems.unknown_path),
    # What is missing from the built front end is missing; it is not a page.
    re_path(r"^(?!static/)(?P<path>.*)$", frontend.index),
]
