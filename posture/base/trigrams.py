"""Substring search by index, without an extension: a name's three-letter pieces in a GIN array index.

The embedded PostgreSQL brings no pg_trgm, and a managed server may not allow it, so the pieces are made by one
immutable SQL function (`fleet` migration 0001). Terms shorter than three letters are matched from the start only.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Q, Value

CREATE_FUNCTION = """
CREATE OR REPLACE FUNCTION plimsoll_trigrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(lower(value), i, 3)), '{}')
  FROM generate_series(1, greatest(length(value) - 2, 0)) AS i
$$;
"""
DROP_FUNCTION = "DROP FUNCTION IF EXISTS plimsoll_trigrams(text);"


class Trigrams(Func):
    function = "plimsoll_trigrams"
    output_field = ArrayField(models.TextField())


def matches(field: str, term: str) -> tuple[dict[str, Func], Q]:
    """(annotations, condition) that find `term` inside `field`, ignoring case, through the trigram index."""
    alias = f"_{field.replace('__', '_')}_trigrams"
    if len(term) < 3:
        return {}, Q(**{f"{field}__istartswith": term})
    return (
        {alias: Trigrams(field)},
        Q(**{f"{alias}__contains": Trigrams(Value(term.lower()))}) & Q(**{f"{field}__icontains": term}),
    )
