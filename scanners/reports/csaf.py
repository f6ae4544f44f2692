"""CSAF 2.0, profiles VEX and security advisory: what a vendor says of vulnerabilities in its products.

Written after the CSAF 2.0 standard (OASIS). The product tree is resolved to package URLs and CPEs: where a package is a
component of a platform, the platform is the product and the package its subcomponent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from scanners.records import Skipped
from scanners.reported import Origin, Reported, VexStatement, VexStatus
from scanners.reports.csaf_products import NO_TREE, Products
from scanners.reports.json_items import Items, Layout, each, looks_like, moment, whole
from scanners.reports.source import Source

NAME = "CSAF"
TOOL = "csaf"
_LONGEST_TEXT = 4_000
# `recommended` is left out: it advises a version, and says nothing of what affects it.
_STATUSES = {
    "known_not_affected": VexStatus.NOT_AFFECTED,
    "known_affected": VexStatus.AFFECTED,
    "first_affected": VexStatus.AFFECTED,
    "last_affected": VexStatus.AFFECTED,
    "fixed": VexStatus.FIXED,
    "first_fixed": VexStatus.FIXED,
    "under_investigation": VexStatus.UNDER_INVESTIGATION,
}
# Other systems' ids that name the same vulnerability; a number of a bug tracker does not.
_ALIAS = re.compile(r"[A-Z][A-Z0-9]+-[\w:-]+")


class _Publisher(Layout):
    name: str | None = None


class _Tracking(Layout):
    id: str | None = None
    current_release_date: str | None = None
    version: str | None = None


class _About(Layout):
    category: str | None = None
    csaf_version: str | None = None
    publisher: _Publisher | None = None
    tracking: _Tracking | None = None


class _Document(Layout):
    document: _About | None = None
    product_tree: msgspec.Raw = NO_TREE
    vulnerabilities: Items = None


class _Id(Layout):
    text: str | None = None


class _Flag(Layout):
    label: str | None = None
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None


class _Remark(Layout):
    """A threat or a remediation."""

    category: str | None = None
    details: str | None = None
    url: str | None = None
    product_ids: list[str] | None = None
    group_ids: list[str] | None = None


class _Vulnerability(Layout):
    cve: str | None = None
    ids: list[_Id] | None = None
    product_status: dict[str, list[str]] | None = None
    flags: list[_Flag] | None = None
    threats: list[_Remark] | None = None
    remediations: list[_Remark] | None = None


def score(source: Source) -> int:
    if looks_like(source, b'"csaf_version"'):
        return 95
    return 50 if looks_like(source, b'"product_tree"') or looks_like(source, b'"aggregate_severity"') else 0


def read(source: Source) -> Iterator[Reported]:
    document, lost = whole(source, _Document, 1)
    about = document.document or _About()
    tracking = about.tracking or _Tracking()
    yield Origin(
        format=f"CSAF {about.csaf_version or ''}, {about.category or 'no category'}".replace(" ,", ","),
        tool=TOOL,
        created_at=moment(tracking.current_release_date),
    )
    products, unread = Products.of(document.product_tree)
    if unread is not None:
        yield unread
    author = (about.publisher and about.publisher.name) or ""
    for position, found in each(document.vulnerabilities, _Vulnerability, "vulnerabilities"):
        if isinstance(found, Skipped):
            yield found
            continue
        ids = [one.text for one in found.ids or () if one.text]
        name = found.cve or next(iter(ids), "")
        if not name:
            yield Skipped(
                kind="malformed", where=f"vulnerabilities[{position}]", reason="it names no vulnerability"
            )
            continue
        for statement in _statements(found, products):
            yield msgspec.structs.replace(
                statement,
                vulnerability=name,
                aliases=tuple(one for one in ids if one != name and _ALIAS.fullmatch(one)),
                author=author,
                stated_at=moment(tracking.current_release_date),
            )
    if lost is not None:
        yield lost


def _statements(found: _Vulnerability, products: Products) -> Iterator[VexStatement]:
    """One statement for all products of which the same is said, and for each platform of which they are components."""
    labels = _by_product(((flag, flag.label or "") for flag in found.flags or ()), products)
    impacts = _by_product(
        ((threat, threat.details or "") for threat in found.threats or () if threat.category == "impact"),
        products,
    )
    actions = _by_product(
        (
            (remedy, " ".join(filter(None, (remedy.details, remedy.url))))
            for remedy in found.remediations or ()
        ),
        products,
    )
    alike: dict[tuple[VexStatus, tuple[str, ...], str, str, str], list[str]] = {}
    for word, ids in (found.product_status or {}).items():
        status = _STATUSES.get(word)
        if status is None:
            continue
        is_clear = status is VexStatus.NOT_AFFECTED
        for product_id in ids:
            platform, component = products.place(product_id)
            detail = impacts.get(product_id, "") if is_clear else ""
            said = (labels.get(product_id, "") if is_clear else "", detail, actions.get(product_id, ""))
            alike.setdefault((status, platform, *said), []).extend(component)
    for (status, platform, label, detail, action), names in alike.items():
        inside = tuple(dict.fromkeys(names))
        yield VexStatement(
            vulnerability="",
            status=status,
            products=platform or inside,
            subcomponents=inside if platform else (),
            justification=label,
            detail=detail[:_LONGEST_TEXT],
            action=action[:_LONGEST_TEXT],
        )


def _by_product(said: Iterable[tuple[_Flag | _Remark, str]], products: Products) -> dict[str, str]:
    """What is said of each product by its id; the first word counts."""
    found: dict[str, str] = {}
    for remark, text in said:
        for product_id in (*(remark.product_ids or ()), *products.of_groups(remark.group_ids or ())):
            found.setdefault(product_id, text.strip())
    return found
