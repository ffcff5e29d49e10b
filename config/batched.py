"""Values in batches: Python 3.12's `itertools.batched`, for 3.11, and a variant that also limits a batch's size."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of `size` (the last may be shorter), taking them only when needed."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def batched_by_size(values: Iterable[T], count: int, size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """Yield lists of at most `count` values, whose sizes sum to at most `most`. A larger value is a batch by itself."""
    batch: list[T] = []
    room = most
    for value in values:
        needed = size(value)
        if batch and needed > room:
            yield batch
            batch, room = [], most
        batch.append(value)
        room -= needed
        if len(batch) == count or room <= 0:
            yield batch
            batch, room = [], most
    if batch:
        yield batch
