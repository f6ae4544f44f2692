"""The product on servers of its own, once for all tests of its troubles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform.troubled import TroubledProduct, troubled_product


@pytest.fixture(scope="package")
def product() -> Iterator[TroubledProduct]:
    with troubled_product() as running:
        yield running
