"""Whether work grows with its input and not with the square of it, told without a number of seconds.

A bound in seconds fails on a slow machine and says nothing on a fast one. Twice measured in one run, the small
input tells what the machine does just then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Work that grows with its input takes ten times as long for ten times as much, quadratic work a hundred times.
TIMES_AS_MUCH = 10
TIMES_AS_LONG = 30
# Below this the clock and the caches tell more than the work does.
NOISE_SECONDS = 0.5


def in_proportion(run: Callable[[int], T], size: int) -> T:
    """What `run(size)` gives, after its CPU time was held against that of a tenth of the size."""
    before = time.process_time()
    run(size // TIMES_AS_MUCH)
    between = time.process_time()
    found = run(size)
    small, large = between - before, time.process_time() - between
    assert large < TIMES_AS_LONG * small + NOISE_SECONDS, f"{size}: {large:.2f} s, a tenth: {small:.2f} s"
    return found
