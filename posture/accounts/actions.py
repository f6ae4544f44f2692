"""What changes people and their tokens: one function per verb, each with its history entry in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from posture.accounts.choices import Role, Scope
from posture.accounts.models import ApiToken, User
from posture.base.problems import Conflict, Invalid
from posture.history.actions import HIDDEN, record

TOKENS_PER_USER = 200


def create_user(
    *,
    username: str,
    password: str,
    role: str = Role.VIEWER,
    email: str = "",
    environments: Iterable[Any] = (),
    must_change_password: bool = True,
    allow_weak: bool = False,
    by: User | None = None,
) -> User:
    """Adds a person. Raises Invalid naming the field that is not acceptable.

    `allow_weak` is for the one password that whoever runs the server sets in its environment.
    """
    environments = list(environments)
    user = User(username=username, email=email, role=role, must_change_password=must_change_password)
    _check_reach(role, environments)
    if not allow_weak:
        _check_password(password, user)
    user.set_password(password)
    try:
        user.full_clean(exclude=["environments"])
    except ValidationError as error:
        raise Invalid("This person cannot be added.", errors=error.message_dict) from None
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:  # somebody added the same name between the check and the insert
            raise Invalid(
                "This person cannot be added.", errors={"username": "This name is taken."}
            ) from None
        user.environments.set(environments)
        record(
            verb="created",
            obj=user,
            object_kind="user",
            object_name=user.username,
            changes={
                "role": [None, user.role],
                "email": [None, user.email],
                "environments": [None, _names(environments)],
            },
            actor=by,
        )
    return user


@transaction.atomic
def change_role(*, user: User, role: str, by: User | None = None) -> User:
    """Raises Conflict when the fleet would be left without an active administrator."""
    if role not in Role.values:
        raise Invalid("There is no such role.", errors={"role": f"One of: {', '.join(Role.values)}."})
    user, is_last = _locked_with_administrators(user)
    before = user.role
    if before == role:
        return user
    if is_last:
        raise _refuse_last()
    _check_reach(role, list(user.environments.all()))
    user.role = role
    user.save(update_fields=["role"])
    _record_change(user, "changed_role", {"role": [before, role]}, by)
    return user


@transaction.atomic
def set_environments(*, user: User, environments: Iterable[Any], by: User | None = None) -> User:
    """Limits what the person sees to these environments; none: the whole fleet."""
    user = _locked(user)
    before, after = list(user.environments.order_by("name")), sorted(environments, key=lambda e: e.name)
    _check_reach(user.role, after)
    if [e.pk for e in before] != [e.pk for e in after]:
        user.environments.set(after)
        _record_change(user, "changed_environments", {"environments": [_names(before), _names(after)]}, by)
    return user


@transaction.atomic
def change_email(*, user: User, email: str, by: User | None = None) -> User:
    user = _locked(user)
    before = user.email
    if before != email:
        user.email = email
        user.save(update_fields=["email"])
        _record_change(user, "changed_email", {"email": [before, email]}, by)
    return user


@transaction.atomic
def deactivate(*, user: User, by: User | None = None) -> User:
    """Ends the person's access: no sign-in, and their tokens are revoked. Their history stays."""
    user, is_last = _locked_with_administrators(user)
    if not user.is_active:
        return user
    if by is not None and by.pk == user.pk:
        raise Conflict("You cannot deactivate yourself.", hint="Ask another administrator.")
    if is_last:
        raise _refuse_last()
    user.is_active = False
    user.save(update_fields=["is_active"])
    revoked = user.tokens.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
    _record_change(user, "deactivated", {"is_active": [True, False], "revoked_tokens": [None, revoked]}, by)
    return user


@transaction.atomic
def reactivate(*, user: User, by: User | None = None) -> User:
    user = _locked(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        _record_change(user, "reactivated", {"is_active": [False, True]}, by)
    return user


@transaction.atomic
def change_password(*, user: User, current_password: str, new_password: str) -> User:
    """A person's own change. It ends all their sessions; the caller keeps the one that it came through."""
    user = _locked(user)
    if not user.check_password(current_password):
        raise Invalid(
            "The current password is not right.",
            code="wrong_password",
            errors={"current_password": "This is not your current password."},
        )
    if current_password == new_password:
        raise Invalid(
            "The new password is not acceptable.",
            errors={"new_password": "Choose one that differs from the current one."},
        )
    _check_password(new_password, user, field="new_password")
    return _store_password(user, new_password, must_change=False, verb="changed_password", by=user)


@transaction.atomic
def set_password(*, user: User, password: str, must_change: bool = True, by: User | None = None) -> User:
    """An administrator's reset. The person's sessions end, and they choose their own at the next sign-in."""
    user = _locked(user)
    if by is not None and by.pk == user.pk:
        raise Conflict(
            "This is your own account.",
            hint="Change your password with your current one: POST /api/v1/me/password.",
        )
    _check_password(password, user)
    return _store_password(user, password, must_change=must_change, verb="reset_password", by=by)


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scope: str = Scope.READ,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> tuple[ApiToken, str]:
    """Returns the token and its text, which is shown once and never kept."""
    _locked(user)  # one after the other per person, so that the name and the number can be checked
    errors = {}
    if not (name := name.strip()):
        errors["name"] = "Say what the token is for."
    elif len(name) > 100:
        errors["name"] = "At most 100 characters."
    elif user.tokens.filter(name=name, revoked_at__isnull=True).exists():
        errors["name"] = "There is a token with this name already. Revoke it first, or choose another name."
    if scope not in Scope.values:
        errors["scope"] = f"One of: {', '.join(Scope.values)}."
    if expires_at is not None and expires_at <= timezone.now():
        errors["expires_at"] = "This moment has passed."
    if not user.is_active:
        errors["user"] = "This person is deactivated."
    if errors:
        raise Invalid("This token cannot be created.", errors=errors)
    if user.tokens.filter(revoked_at__isnull=True).count() >= TOKENS_PER_USER:
        raise Conflict(f"A person may have {TOKENS_PER_USER} tokens.", hint="Revoke some that are not used.")
    text = ApiToken.new_text()
    token = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=text[:12],
        digest=ApiToken.digest_of(text),
        scope=scope,
        expires_at=expires_at,
    )
    record(
        verb="created",
        obj=token,
        object_kind="token",
        object_name=f"{user.username}: {name}",
        changes={
            "scope": [None, scope],
            "prefix": [None, token.prefix],
            "expires_at": [None, None if expires_at is None else expires_at.isoformat()],
        },
        actor=by,
    )
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None = None) -> ApiToken:
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        record(
            verb="revoked",
            obj=token,
            object_kind="token",
            object_name=f"{token.user.username}: {token.name}",
            changes={"revoked_at": [None, token.revoked_at.isoformat()]},
            actor=by,
        )
    return token


def record_sign_in(*, user: User) -> None:
    record(verb="signed_in", obj=user, object_kind="user", object_name=user.username, actor=user)


def record_sign_out(*, user: User) -> None:
    record(verb="signed_out", obj=user, object_kind="user", object_name=user.username, actor=user)


def record_refused_sign_in(*, username: str) -> None:
    """Only for a name that exists: what else is typed as a name may be somebody's password."""
    user = User.objects.filter(username=username).first()
    if user is not None:
        record(verb="sign_in_refused", obj=user, object_kind="user", object_name=user.username)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _locked_with_administrators(user: User) -> tuple[User, bool]:
    """The person, and whether they are the last active administrator.

    Every active administrator is locked, in one order, so that two cannot remove each other at the same time.
    """
    involved = Q(pk=user.pk) | Q(role=Role.ADMINISTRATOR, is_active=True)
    rows = list(User.objects.select_for_update().filter(involved).order_by("pk"))
    person = next(row for row in rows if row.pk == user.pk)
    return person, [row.pk for row in rows if row.role == Role.ADMINISTRATOR and row.is_active] == [user.pk]


def _refuse_last() -> Conflict:
    return Conflict(
        "At least one active administrator must remain.",
        code="last_administrator",
        hint="Make somebody else an administrator first.",
    )


def _check_reach(role: str, environments: list[Any]) -> None:
    # An administrator who saw a part of the fleet could give themselves the rest.
    if role == Role.ADMINISTRATOR and environments:
        raise Invalid(
            "An administrator sees the whole fleet.",
            errors={"environments": "Leave this empty for an administrator."},
        )


def _check_password(password: str, user: User, field: str = "password") -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Invalid("The password is not acceptable.", errors={field: error.messages}) from None


def _store_password(user: User, password: str, *, must_change: bool, verb: str, by: User | None) -> User:
    user.set_password(password)
    user.must_change_password = must_change
    user.save(update_fields=["password", "must_change_password"])
    _record_change(user, verb, {"password": [HIDDEN, HIDDEN]}, by)
    return user


def _record_change(user: User, verb: str, changes: dict[str, Any], by: User | None) -> None:
    record(verb=verb, obj=user, object_kind="user", object_name=user.username, changes=changes, actor=by)


def _names(environments: Iterable[Any]) -> list[str]:
    return [environment.slug for environment in environments]
