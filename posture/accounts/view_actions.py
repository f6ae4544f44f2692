"""What changes saved views: one function per verb, each with its history entry in one transaction."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from posture.accounts.models import SavedView, User
from posture.base.problems import Conflict, Invalid, NotAllowed
from posture.history.actions import record

VIEWS_PER_USER = 200


@transaction.atomic
def save_view(*, page: str, name: str, query: str = "", is_shared: bool = False, by: User) -> SavedView:
    """Keeps a view for `by`. Raises Invalid when they have one of this name on this page, NotAllowed to share."""
    _lock_owner(by)
    _check_sharing(is_shared, by)
    _check_name(by, page, name)
    if by.saved_views.count() >= VIEWS_PER_USER:
        raise Conflict(f"A person may keep {VIEWS_PER_USER} views.", hint="Delete some that are not used.")
    view = SavedView.objects.create(owner=by, page=page, name=name, query=query, is_shared=is_shared)
    _record(view, "created", {"query": [None, query], "is_shared": [None, is_shared]}, by)
    return view


@transaction.atomic
def change_view(
    *,
    view: SavedView,
    name: str | None = None,
    query: str | None = None,
    is_shared: bool | None = None,
    by: User,
) -> SavedView:
    """Changes what is given. Only the owner may; sharing needs the permission to share, ending it does not."""
    if view.owner_id != by.pk:
        raise NotAllowed(
            "This view belongs to somebody else.", code="not_yours", hint="Save it under your own name."
        )
    _lock_owner(by)
    view = SavedView.objects.select_for_update(of=("self",)).select_related("owner").get(pk=view.pk)
    wanted = {"name": name, "query": query, "is_shared": is_shared}
    changes = {
        field: [getattr(view, field), value]
        for field, value in wanted.items()
        if value is not None and value != getattr(view, field)
    }
    if not changes:
        return view
    if "is_shared" in changes:
        _check_sharing(changes["is_shared"][1], by)
    if "name" in changes:
        _check_name(by, view.page, changes["name"][1])
    for field, (_, value) in changes.items():
        setattr(view, field, value)
    view.save(update_fields=list(changes))
    _record(view, "changed", changes, by)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: User) -> None:
    """The owner may, and whoever may moderate views for a shared one."""
    if view.owner_id != by.pk and not (view.is_shared and by.may("views.moderate")):
        raise NotAllowed("This view belongs to somebody else.", code="not_yours")
    pk, before = view.pk, {"query": [view.query, None], "is_shared": [view.is_shared, None]}
    view.delete()
    view.pk = pk  # the history names what is gone
    _record(view, "deleted", before, by)


def _lock_owner(owner: User) -> None:
    """One change after the other per person, so that names and the number of views can be checked."""
    User.objects.select_for_update().get(pk=owner.pk)


def _check_sharing(is_shared: bool, by: User) -> None:
    if is_shared and not by.may("views.share"):
        raise NotAllowed(
            "Your role keeps private views only.", code="sharing_refused", hint="Ask an analyst to share it."
        )


def _check_name(owner: User, page: str, name: str) -> None:
    if owner.saved_views.filter(page=page, name=name).exists():
        raise Invalid(
            "This view cannot be saved.",
            errors={"name": "You have a view of this list with this name already."},
        )


def _record(view: SavedView, verb: str, changes: dict[str, Any], by: User) -> None:
    record(
        verb=verb,
        obj=view,
        object_kind="saved_view",
        object_name=f"{view.page}: {view.name}",
        changes=changes,
        actor=by,
    )
