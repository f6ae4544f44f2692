"""Every view states the permission that it needs; a view that states nothing is closed to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from posture.base.problems import NotAllowed

if TYPE_CHECKING:  # its module reads the settings that name this one
    from rest_framework.views import APIView

PUBLIC = "public"  # no sign-in needed
SIGNED_IN = "signed_in"  # any person or token

_READS_AS = {"HEAD": "GET", "OPTIONS": "GET"}


class RolePermission(BasePermission):
    """Compares the sender's role with the view's `permissions`: one name, or one per HTTP method or action.

    The names are those of `accounts.choices.PERMISSIONS`, PUBLIC or SIGNED_IN. An action's own entry goes
    before its method's. A token with scope `read` may only use safe methods, whatever its owner may. Somebody
    who must choose a new password can use only views with `before_password_change = True`.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = needed_permission(view, request.method or "GET")
        if needed == PUBLIC:
            return True
        if needed is None or not request.user.is_authenticated:
            return False
        scope = getattr(request.auth, "scope", None)
        if scope == "read" and request.method not in SAFE_METHODS:
            raise NotAllowed(
                "This token may only read.", code="token_scope", hint="Create a token with the scope “write”."
            )
        if (
            scope is None
            and request.user.must_change_password
            and not getattr(view, "before_password_change", False)
        ):
            raise NotAllowed(
                "Choose a new password first.",
                code="password_change_required",
                hint="POST /api/v1/me/password with current_password and new_password.",
            )
        return needed == SIGNED_IN or request.user.may(needed)


def needed_permission(view: APIView, method: str) -> str | None:
    """The permission that `view` states for `method`; None when it states none, which closes it."""
    stated: str | Mapping[str, str] | None = getattr(view, "permissions", None)
    if stated is None or isinstance(stated, str):
        return stated
    method = _READS_AS.get(method, method)
    return stated.get(getattr(view, "action", None) or method, stated.get(method))
