"""Which packages of an image are in use: files that host probes saw loaded in its containers, and the packages that own them.

This is the only writer of `ImageUse` and `PackageUse`. It follows what probes and scanners store by itself (`stale`), so
neither of them has to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection

from posture.base import upsert
from posture.fleet.choices import ALIVE
from posture.vulnerabilities.choices import Use
from posture.vulnerabilities.models import ImageUse, PackageFiles, PackageList, PackageUse
from scanners.loaded_files import canonical
from scanners.records import Record

LONG = timedelta(days=7)  # so long must an image be watched for "not seen" to weigh
AGAIN = timedelta(days=1)  # after which it is worked out anew, whatever changed
# A probe tells so many files of a container at most (`scanners.probe.processes`): then there may be others.
TOLD_AT_MOST = 500
# Ecosystems whose code is mostly read by an interpreter, which no list of loaded files shows: there "not seen" says nothing.
INTERPRETED = ("pypi", "npm", "gem", "maven", "composer", "hex", "cran", "pub", "nuget")


class Seen(Record, frozen=True, kw_only=True):
    """A package that was seen loaded: in which container, by which of its files, since when that is known."""

    container_id: int | None
    path: str
    since: datetime


class ImageUses(Record, frozen=True, kw_only=True):
    """What is known of an image's packages. `not_seen` are those that would have been seen, were they loaded."""

    watched_since: datetime | None = None
    is_long: bool = False
    seen: dict[int, Seen] = {}
    not_seen: frozenset[int] = frozenset()

    def of(self, package_id: int | None) -> Use:
        if package_id in self.seen:
            return Use.SEEN
        return Use.NOT_SEEN if package_id in self.not_seen else Use.NOT_MEASURED


def evidence(image_id: int, package_id: int) -> tuple[PackageUse | None, datetime | None]:
    """Where the package of an image was seen loaded, and since when all that runs of the image is watched."""
    seen = PackageUse.objects.select_related("container").filter(image=image_id, package=package_id).first()
    since = ImageUse.objects.filter(pk=image_id).values_list("watched_since", flat=True).first()
    return seen, since


# What an image's use is worked out from, in short: its present containers, those that a probe watches, what these told, and
# the lists of its packages. One row for each image that a probe watches, or watched when it was last worked out.
_SIGNATURES = """
WITH containers AS (
    SELECT c.image_id, c.asset_id, c.status = ANY(%(alive)s) AS is_alive, l.grown_at, l.watched_since,
           p.id IS NOT NULL AS is_probed
    FROM fleet_containerstate c JOIN fleet_asset a ON a.id = c.asset_id AND a.gone_at IS NULL
    LEFT JOIN fleet_loadedfiles l ON l.asset_id = c.asset_id
    LEFT JOIN fleet_containerprobe p ON p.asset_id = c.asset_id AND p.closed_at IS NULL
    WHERE c.closed_at IS NULL AND c.image_id IS NOT NULL
), images AS (
    SELECT image_id, count(*) AS n, sum(asset_id) AS ids, max(grown_at) AS grown_at,
           count(*) FILTER (WHERE is_alive) AS alive,
           count(*) FILTER (WHERE is_alive AND is_probed AND grown_at IS NOT NULL) AS watched
    FROM containers GROUP BY image_id HAVING count(grown_at) > 0
), wanted AS (
    SELECT coalesce(i.image_id, u.image_id) AS image_id, u.signature, u.computed_at, u.watched_since, u.is_long,
           md5(concat_ws('/', i.n, i.ids, i.grown_at, i.alive, i.watched,
               (SELECT max(k.id) FROM vulnerabilities_packagelist k
                WHERE k.asset_id = i.image_id AND k.closed_at IS NULL),
               (SELECT count(*) FROM vulnerabilities_packagelist k
                WHERE k.asset_id = i.image_id AND k.closed_at IS NULL))) AS present
    FROM images i FULL JOIN vulnerabilities_imageuse u ON u.image_id = i.image_id
)
SELECT image_id, present FROM wanted
WHERE signature IS DISTINCT FROM present OR computed_at < %(before)s
   OR (NOT is_long AND watched_since <= %(long_ago)s)
ORDER BY computed_at NULLS FIRST, image_id LIMIT %(most)s
"""


def stale(now: datetime, most: int) -> list[tuple[int, str]]:
    """Images (id, new signature) whose use must be worked out: something that it rests on changed, or it is due again.

    Looks at all containers: about 1.5 s where 200,000 are watched.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _SIGNATURES,
            {
                "alive": [status.value for status in ALIVE],
                "before": now - AGAIN,
                "long_ago": now - LONG,
                "most": most,
            },
        )
        return list(cursor.fetchall())


def ask_again(image_ids: Sequence[int]) -> None:
    """Have the use of these images worked out again: findings of theirs are new, and do not know of it yet."""
    ImageUse.objects.filter(pk__in=list(image_ids)).exclude(signature="").update(signature="")


def is_worked_out(image_id: int, signature: str, since: datetime) -> bool:
    """Whether somebody else did this since then."""
    return ImageUse.objects.filter(pk=image_id, signature=signature, computed_at__gt=since).exists()


def work_out(image_id: int, signature: str, now: datetime) -> ImageUses:
    """Match what was loaded in an image's containers with its packages, and keep the outcome. The caller holds the image."""
    before = ImageUse.objects.filter(pk=image_id).first()
    watched = _watched(image_id)
    loaded = _loaded(image_id)
    if not loaded:
        ImageUse.objects.filter(pk=image_id).delete()
        PackageUse.objects.filter(image=image_id).delete()
        return ImageUses()
    owned = _owned(image_id)
    found: dict[int, tuple[int, str]] = {}
    for package_id, (_, paths) in owned.items():
        for path in paths:
            if (container_id := loaded.get(path)) is not None:
                found[package_id] = (container_id, path)
                break
    seen = _keep(image_id, found, now)
    # Containers come and go; the image is watched since the first of them was, as long as all that run are watched.
    since = min(watched, before.watched_since) if watched and before and before.watched_since else watched
    is_long = since is not None and since <= now - LONG
    ImageUse.objects.update_or_create(
        pk=image_id,
        defaults={
            "signature": signature,
            "watched_since": since,
            "is_long": is_long,
            "computed_at": now,
        },
    )
    silent = frozenset(
        package_id
        for package_id, (ecosystem, _) in owned.items()
        if package_id not in found and ecosystem not in INTERPRETED
    )
    return ImageUses(
        watched_since=since, is_long=is_long, seen=seen, not_seen=silent if since is not None else frozenset()
    )


_PRESENT = (
    " FROM fleet_containerstate c JOIN fleet_asset a ON a.id = c.asset_id AND a.gone_at IS NULL"
    " {} JOIN fleet_loadedfiles l ON l.asset_id = c.asset_id WHERE c.closed_at IS NULL AND c.image_id = %s"
)


def _watched(image_id: int) -> datetime | None:
    """Since when the image's running containers are watched; None when one of them is not, or not wholly."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(l.watched_since), bool_and(l.asset_id IS NOT NULL AND cardinality(l.paths) < %s AND EXISTS"
            " (SELECT FROM fleet_containerprobe p WHERE p.asset_id = c.asset_id AND p.closed_at IS NULL))"
            + _PRESENT.format("LEFT")
            + " AND c.status = ANY(%s)",
            [TOLD_AT_MOST, image_id, [status.value for status in ALIVE]],
        )
        since, is_whole = cursor.fetchone()
        return since if is_whole else None


def _loaded(image_id: int) -> dict[str, int]:
    """Every file that was seen loaded in a present container of the image -> the first of these containers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT path, min(c.asset_id)"
            + _PRESENT.format("").replace(" WHERE ", ", unnest(l.paths) AS path WHERE ")
            + " GROUP BY path ORDER BY path",
            [image_id],
        )
        found: dict[str, int] = {}
        for path, container_id in cursor.fetchall():
            place = canonical(path)
            found[place] = min(container_id, found.get(place, container_id))
        return found


def _owned(image_id: int) -> dict[int, tuple[str, list[str]]]:
    """The image's packages that own something that can be loaded: id -> (ecosystem, paths)."""
    lists = PackageList.objects.current().filter(asset=image_id).values_list("packages", flat=True)
    ids = {package for packages in lists for package in packages}
    rows = PackageFiles.objects.filter(pk__in=ids).values_list("pk", "package__ecosystem", "paths")
    return {pk: (ecosystem, paths) for pk, ecosystem, paths in rows}


def _keep(image_id: int, found: Mapping[int, tuple[int, str]], now: datetime) -> dict[int, Seen]:
    """Make the rows of the image say what was found; a package keeps the moment since when it is known to be in use."""
    stored = {row.package_id: row for row in PackageUse.objects.filter(image=image_id)}
    PackageUse.objects.filter(image=image_id, package__in=stored.keys() - found.keys()).delete()
    moved = [row for pk, row in stored.items() if pk in found and (row.container_id, row.path) != found[pk]]
    for row in moved:
        row.container_id, row.path = found[row.package_id]
    PackageUse.objects.bulk_update(moved, ["container", "path"], batch_size=500)
    new = sorted(found.keys() - stored.keys())
    upsert.copy(
        PackageUse,
        ("image_id", "package_id", "container_id", "path", "since"),
        [(image_id, pk, *found[pk], now) for pk in new],
    )
    return {
        pk: Seen(container_id=container, path=path, since=stored[pk].since if pk in stored else now)
        for pk, (container, path) in found.items()
    }
