"""Values some at a time: all of them, in order, never too many and never too large; and taken only as needed."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.batched import batched, batched_by_size


@given(st.lists(st.integers(1, 12)), st.integers(1, 5), st.integers(1, 10))
def test_a_batch_is_within_both_limits_unless_it_is_one_value_too_large(
    sizes: list[int], count: int, most: int
) -> None:
    batches = list(batched_by_size(sizes, count, lambda one: one, most))
    assert [one for batch in batches for one in batch] == sizes
    for batch in batches:
        assert 0 < len(batch) <= count
        assert sum(batch) <= most or len(batch) == 1
    for batch, following in pairwise(batches):
        assert len(batch) == count or sum(batch) + following[0] > most  # no batch is smaller than it need be


Cut = Callable[[Iterator[str]], Iterator[list[str]]]


@pytest.mark.parametrize(
    "cut",
    [
        lambda values: batched(values, 2),
        lambda values: batched_by_size(values, 2, len, 9),
        lambda values: batched_by_size(values, 9, len, 2),
    ],
)
def test_no_value_is_taken_before_it_is_needed(cut: Cut) -> None:
    taken: list[str] = []

    def values() -> Iterator[str]:
        for one in ("a", "b", "c", "d"):
            taken.append(one)
            yield one

    assert next(cut(values())) == ["a", "b"]
    assert taken == ["a", "b"]
