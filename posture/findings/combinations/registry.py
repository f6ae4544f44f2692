"""All rules, found in their folder: one file, one rule of the same name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from posture.findings.combinations import catalogue
from posture.findings.combinations.rule import Rule


@cache
def rules() -> dict[str, Rule]:
    """By id, in the order of their names."""
    found = {}
    for module in sorted(pkgutil.iter_modules(catalogue.__path__), key=lambda one: one.name):
        declared: Rule = getattr(importlib.import_module(f"{catalogue.__name__}.{module.name}"), module.name)
        found[declared.id] = declared
    return found
