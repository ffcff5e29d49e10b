"""Python 3.12's `itertools.batched`, for 3.11."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values, `size` at a time, taken only as they are asked for."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
