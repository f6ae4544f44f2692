"""JSON and plain values in a declared layout, from any thread.

msgspec describes a type to itself when it is first met. A second thread that meets it meanwhile uses half a description, and
that ends the process (seen with 0.22). So each is described here once, by one thread at a time, before it is used.
"""

from __future__ import annotations

from threading import Lock
from typing import Any, TypeVar, overload

import msgspec

T = TypeVar("T")
Content = bytes | bytearray | memoryview | msgspec.Raw | str
_decoders: dict[Any, Any] = {}
_describing = Lock()


def decoder(layout: Any) -> Any:
    """The function that decodes JSON in this layout. It raises msgspec.DecodeError, its subclass msgspec.ValidationError for
    what does not fit, UnicodeDecodeError and RecursionError."""
    found = _decoders.get(layout)
    if found is None:
        with _describing:
            found = _decoders.setdefault(layout, msgspec.json.Decoder(layout).decode)
    return found


@overload
def decode(content: Content, layout: type[T]) -> T: ...
@overload
def decode(content: Content, layout: Any) -> Any: ...
def decode(content: Content, layout: Any) -> Any:
    """JSON in this layout. Raises as `decoder` says."""
    return decoder(layout)(content)


@overload
def convert(value: Any, layout: type[T]) -> T: ...
@overload
def convert(value: Any, layout: Any) -> Any: ...
def convert(value: Any, layout: Any) -> Any:
    """Plain dicts, lists and scalars in this layout, strictly. Raises msgspec.ValidationError."""
    decoder(layout)
    return msgspec.convert(value, layout)
