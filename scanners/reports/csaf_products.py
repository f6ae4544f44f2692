"""The product tree of a CSAF document: every product's id brought to package URLs and CPEs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from scanners import typed
from scanners.records import Skipped
from scanners.reports.json_items import Layout

NO_TREE: Final = msgspec.Raw(b"null")
_DEEPEST = 16


class _Helper(Layout):
    purl: str | None = None
    purls: list[str] | None = None  # CSAF 2.1
    cpe: str | None = None


class _Product(Layout):
    product_id: str
    name: str | None = None
    product_identification_helper: _Helper | None = None


class _Branch(Layout):
    branches: list[_Branch] | None = None
    product: _Product | None = None


class _Relationship(Layout):
    full_product_name: _Product
    product_reference: str
    relates_to_product_reference: str


class _Group(Layout):
    group_id: str
    product_ids: list[str] | None = None


class _Tree(Layout):
    branches: list[_Branch] | None = None
    full_product_names: list[_Product] | None = None
    relationships: list[_Relationship] | None = None
    product_groups: list[_Group] | None = None


class Products:
    """`place` says of a product's id which platform it is on and what it is."""

    def __init__(self, tree: _Tree) -> None:
        self._names: dict[str, tuple[str, ...]] = {}
        self._groups = {group.group_id: group.product_ids or [] for group in tree.product_groups or ()}
        self._parts: dict[str, tuple[str, str]] = {}
        open_ = list(tree.branches or ())
        while open_:
            branch = open_.pop()
            open_ += branch.branches or ()
            if branch.product is not None:
                self._know(branch.product)
        for product in tree.full_product_names or ():
            self._know(product)
        for relation in tree.relationships or ():
            whole = relation.full_product_name
            self._parts[whole.product_id] = relation.product_reference, relation.relates_to_product_reference
            if whole.product_identification_helper is not None:
                self._know(whole)

    @classmethod
    def of(cls, tree: msgspec.Raw) -> tuple[Products, Skipped | None]:
        """The products of a tree; of one that does not fit, none, and why."""
        try:
            return cls(typed.decode(tree, _Tree | None) or _Tree()), None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return cls(_Tree()), Skipped(kind="malformed", where="product_tree", reason=str(error)[:300])

    def _know(self, product: _Product) -> None:
        helper = product.product_identification_helper or _Helper()
        names = (helper.purl, *(helper.purls or ()), helper.cpe)
        known = tuple(dict.fromkeys(name for name in names if name))
        self._names[product.product_id] = known or (product.name or product.product_id,)

    def of_groups(self, group_ids: Sequence[str]) -> list[str]:
        return [product_id for group in group_ids for product_id in self._groups.get(group, ())]

    def place(self, product_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(identifiers of the platform, of the product itself); no platform for a product that is no component."""
        component, platform = product_id, ""
        for _ in range(_DEEPEST):
            if component not in self._parts:
                break
            component, below = self._parts[component]
            platform = platform or below
        # A platform may be made of others: a module of a distribution, on that distribution.
        for _ in range(_DEEPEST):
            if platform not in self._parts:
                break
            platform = self._parts[platform][1]
        names = self._names.get(product_id) if product_id in self._parts else None
        return (self._named(platform) if platform else ()), names or self._named(component)

    def _named(self, product_id: str) -> tuple[str, ...]:
        return self._names.get(product_id, (product_id,))
