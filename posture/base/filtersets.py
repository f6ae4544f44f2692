"""One filterset for list, facets and export: filters are written once, and facets are counted without their own.

Several values of one filter are separated by commas ("\\," is a comma inside a value) and mean "any of these".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import django_filters  # type: ignore[import-untyped]
import msgspec
from django import forms
from django.db.models import Count as CountRows
from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError as Invalid

from posture.base import trigrams
from posture.base.ordering import Ordering
from posture.base.pagination import COUNT_BOUND, bounded, count_each

MAX_VALUES = 100
MAX_TEXT = 500
TOP_VALUES = 12
_COMMA = re.compile(r"(?<!\\),")


class Choice(msgspec.Struct, frozen=True):
    """One value of a filter: as written in the address, as shown, as stored."""

    value: str
    label: str
    stored: Any


Choices = Sequence[Choice]


def from_enum(enumeration: Any) -> Choices:
    """The values of a Django enumeration, in its order."""
    return tuple(Choice(value, label, value) for value, label in enumeration.choices)


def escaped(value: str) -> str:
    return value.replace(",", "\\,")


class ValuesField(forms.Field):
    """Comma-separated values, each parsed; None when the parameter is absent or empty."""

    widget = forms.TextInput

    def __init__(
        self, *, parse: Callable[[str], Any] = str, choices: Choices = (), one: bool = False, **kwargs: Any
    ) -> None:
        kwargs.pop("null_label", None)
        super().__init__(**kwargs)
        self.parse = parse
        self.known = {choice.value: choice.stored for choice in choices}
        self.one = one

    def clean(self, value: Any) -> list[Any] | None:
        if value is None or value == "":
            return None
        if "\x00" in value:
            raise forms.ValidationError("A value cannot contain the character NUL.")
        parts = list(dict.fromkeys(part.strip().replace("\\,", ",") for part in _COMMA.split(value)))
        if self.one and len(parts) > 1:
            raise forms.ValidationError("Give one value.")
        if len(parts) > MAX_VALUES:
            raise forms.ValidationError(f"Give at most {MAX_VALUES} values.")
        return [self._parsed(part) for part in parts]

    def _parsed(self, part: str) -> Any:
        if len(part) > MAX_TEXT:
            raise forms.ValidationError(f"A value has at most {MAX_TEXT} characters.")
        if self.known:
            if part not in self.known:
                raise forms.ValidationError(f"“{part[:60]}” is not one of: {', '.join(self.known)}.")
            return self.known[part]
        try:
            return self.parse(part)
        except ValueError as error:
            raise forms.ValidationError(str(error) or f"“{part[:60]}” is not a valid value.") from error


def whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(f"“{text[:60]}” is not an id: give a whole number.")
    return int(text)


class Values(django_filters.Filter):
    """Rows whose column is one of the values. With `facet`, the list's facets count each value."""

    field_class = ValuesField
    one = False
    parse: Callable[[str], Any] = staticmethod(str)

    def __init__(
        self,
        field_name: str | None = None,
        *,
        label: str,
        choices: Choices = (),
        facet: bool = False,
        help_text: str = "",
        **kwargs: Any,
    ) -> None:
        self.choices = tuple(choices)
        self.facet = facet
        self.help_text = help_text
        super().__init__(field_name, label=label, required=False, **kwargs)
        self.extra |= {"parse": type(self).parse, "choices": self.choices, "one": self.one}

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value is None:
            return qs
        if len(value) == 1:
            return qs.filter(**{self.field_name: value[0]})
        return qs.filter(**{f"{self.field_name}__in": value})

    def schema(self) -> dict[str, Any]:
        """The parameter's OpenAPI schema: an array written with commas."""
        item: dict[str, Any] = {"type": "string"}
        if self.choices:
            item = {"type": "string", "enum": [choice.value for choice in self.choices]}
        elif type(self).parse is whole:
            item = {"type": "integer"}
        return item if self.one else {"type": "array", "items": item, "maxItems": MAX_VALUES}


class Ids(Values):
    parse = staticmethod(whole)


FLAG_CHOICES = (Choice("true", "Yes", True), Choice("false", "No", False))


class Flag(Values):
    """true or false."""

    one = True

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(field_name, choices=FLAG_CHOICES, **kwargs)


class Search(Values):
    """Text inside a name, ignoring case, by the trigram index."""

    one = True

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(field_name, label="Search", **kwargs)

    def filter(self, qs: QuerySet, value: Any) -> QuerySet:
        if value is None:
            return qs
        annotations, condition = trigrams.matches(self.field_name, value[0])
        return qs.alias(**annotations).filter(condition)


class SearchField(ValuesField):
    """One term: a comma in it is only a comma."""

    def clean(self, value: Any) -> list[Any] | None:
        return super().clean(value.replace("\\,", ",").replace(",", "\\,").strip()) if value else None


Search.field_class = SearchField


class FilterSet(django_filters.FilterSet):
    """Base of every resource's filters. `moment` is the as_of date (None: now), `user` who asks.

    `facet_choices` may name a method for a facet whose values are rows (environments, checks); `defaults` says what
    a filter means while it is not set.
    """

    facet_choices: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Mapping[str, list[Any]]] = {}

    def __init__(
        self, data: Any, queryset: QuerySet, *, request: Any, moment: datetime | None = None
    ) -> None:
        super().__init__(data=data, queryset=queryset, request=request)
        self.moment = moment
        self.user = request.user

    @classmethod
    def known(cls) -> Iterable[str]:
        return cls.base_filters.keys()

    def given(self, name: str) -> list[Any] | None:
        """The values of one filter; None when it is not set."""
        return self.values.get(name)

    @cached_property
    def values(self) -> dict[str, Any]:
        if not self.form.is_valid():
            raise Invalid({name: list(messages) for name, messages in self.form.errors.items()})
        return self.form.cleaned_data

    def apply(self, *without: str) -> QuerySet:
        """The rows that match every filter, leaving out those named `without`."""
        queryset = self.queryset.all()
        for name, value in self.values.items():
            if name in without:
                continue
            queryset = self.filters[name].filter(
                queryset, self.defaults.get(name) if value is None else value
            )
        return queryset

    def branches(self, keys: Ordering) -> list[Any]:
        """What `apply` gives, as disjoint querysets that are each cheap to read in this order and to count."""
        return [self.apply()]

    def parts(self, name: str, base: QuerySet, value: Any) -> list[Any]:
        """The rows of one value of a facet, as disjoint querysets that are each cheap to count."""
        return [self.filters[name].filter(base, [value])]

    def facets(self) -> list[dict[str, Any]]:
        return [self.facet(name) for name, item in self.filters.items() if getattr(item, "facet", False)]

    def facet(self, name: str) -> dict[str, Any]:
        item = self.filters[name]
        base = self.apply(name)
        method = self.facet_choices.get(name)
        choices: Choices = getattr(self, method)() if method else item.choices
        if choices:
            counts = count_each([self.parts(name, base, choice.stored) for choice in choices])
            values = [
                {"value": choice.value, "label": choice.label, "count": count.as_dict()}
                for choice, count in zip(choices, counts, strict=True)
            ]
        else:
            values = [] if method else self._top(item.field_name, base)
        return {"name": name, "label": item.label, "values": values}

    def _top(self, column: str, base: QuerySet) -> list[dict[str, Any]]:
        """The most frequent values of a column, and those that the filter names."""
        rows = (
            base.order_by()
            .exclude(Q(**{column: ""}) | Q(**{f"{column}__isnull": True}))
            .values_list(column)
            .annotate(rows=CountRows("pk"))
            .order_by("-rows", column)[:TOP_VALUES]
        )
        return [
            {"value": escaped(value), "label": value, "count": bounded(number).as_dict()}
            for value, number in rows
        ]


__all__ = [
    "COUNT_BOUND",
    "Choice",
    "Choices",
    "FilterSet",
    "Flag",
    "Ids",
    "Search",
    "Values",
    "escaped",
    "from_enum",
    "whole",
]
