"""Values some at a time: Python 3.12's `itertools.batched`, for 3.11, and one that looks at how large they are."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values, `size` at a time, taken only as they are asked for."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


def batched_by_size(values: Iterable[T], count: int, size: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """The values, `count` at a time at most, whose sizes come to `most` at most; a larger one is a batch by itself."""
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
