"""What a decision is about: pure functions over what is known of a finding and of the asset that it is on."""

from __future__ import annotations

from collections.abc import Mapping

from scanners.records import Record


class Scope(Record, frozen=True, kw_only=True):
    """Where a decision is meant. One problem is named; what is empty or None narrows nothing."""

    vulnerability_id: int | None = None
    check_id: int | None = None
    kind: str = ""
    key: str = ""
    ecosystem: str = ""
    package: str = ""
    repository: str = ""
    tag: str = ""
    digest: str = ""
    asset_id: int | None = None
    environment_id: int | None = None
    labels: tuple[tuple[str, str], ...] = ()


class Problem(Record, frozen=True, kw_only=True):
    """What a finding is about."""

    vulnerability_id: int | None = None
    check_id: int | None = None
    kind: str = ""
    key: str = ""
    ecosystem: str = ""
    packages: frozenset[str] = frozenset()  # the package's name, and that of its source
    version: str = ""


class Place(Record, frozen=True, kw_only=True):
    """One place where an asset lies: a host's environment and labels. An image lies in as many as hosts hold it."""

    environment_id: int | None
    labels: Mapping[str, str]


class Subject(Record, frozen=True, kw_only=True):
    """What is known of an asset, as far as scopes and tripwires ask for it.

    `references` are names with their tags ("registry/app:1.2"), `repositories` the same without; a container's are its
    image's. `controls` are mechanisms in force, None where nothing is measured.
    """

    asset_id: int
    references: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()
    is_exposed: bool = False
    controls: frozenset[str] | None = None


def is_about(scope: Scope, problem: Problem, subject: Subject) -> bool:
    """Whether the decision is meant for this problem on this asset.

    An image that lies in several places is meant only where all of them are: what was decided for staging hides nothing of
    production.
    """
    return _names(scope, problem) and _covers(scope, subject)


def _names(scope: Scope, problem: Problem) -> bool:
    if scope.vulnerability_id is not None:
        named = scope.vulnerability_id == problem.vulnerability_id
    elif scope.check_id is not None:
        named = scope.check_id == problem.check_id
    else:
        named = bool(scope.kind) and (scope.kind, scope.key) == (problem.kind, problem.key)
    return (
        named
        and scope.ecosystem in ("", problem.ecosystem)
        and (not scope.package or scope.package in problem.packages)
    )


def _covers(scope: Scope, subject: Subject) -> bool:
    if scope.asset_id is not None and scope.asset_id != subject.asset_id:
        return False
    if scope.repository and scope.repository not in subject.repositories:
        return False
    if scope.tag and not _is_tagged(scope, subject):
        return False
    if scope.digest and scope.digest not in subject.digests:
        return False
    if scope.environment_id is None and not scope.labels:
        return True
    return bool(subject.places) and all(_holds(scope, place) for place in subject.places)


def _is_tagged(scope: Scope, subject: Subject) -> bool:
    """By its tag in the repository that is named, else in any."""
    if scope.repository:
        return f"{scope.repository}:{scope.tag}" in subject.references
    return any(reference.rpartition(":")[2] == scope.tag for reference in subject.references)


def _holds(scope: Scope, place: Place) -> bool:
    return scope.environment_id in (None, place.environment_id) and all(
        place.labels.get(name) == value for name, value in scope.labels
    )
