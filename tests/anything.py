"""Arbitrary JSON, as hypothesis makes it; and how many examples of it are tried, over all doors."""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("EXAMPLES", "1000"))

texts = st.text(st.characters(exclude_categories=()), max_size=8)  # NUL and lone surrogates too
numbers = (
    st.integers(-(10**30), 10**30)
    | st.decimals(-(10**6), 10**6, places=4)
    | st.decimals(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda one: st.lists(one, max_size=3) | st.dictionaries(texts, one, max_size=3),
    max_leaves=6,
)


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects in which these names are likely."""
    return st.dictionaries(st.sampled_from(names) | texts, values, max_size=5)


def examples(count: int) -> settings:
    """So many examples, of 10,000 over all doors; one that fails is printed in a form that repeats it."""
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(
        max_examples=count * EXAMPLES // 10_000, deadline=None, print_blob=True, suppress_health_check=checks
    )
