"""Any body and any message, whatever it is made of, costs at most twelve times the bytes that it may unpack to."""

import pytest

from tests import memory

pytestmark = pytest.mark.long

BEFORE = 352 * memory.MIB  # what four million empty objects in 15 KB cost before values were counted


@pytest.mark.parametrize("way", memory.LIMITS)
def test_a_peak_grows_by_twelve_times_the_limit_at_most(way: str) -> None:
    grown = memory.grown(way)
    assert grown.keys() == memory.FORMS.keys()
    assert {form: size for form, size in grown.items() if size > memory.TIMES * memory.LIMITS[way]} == {}
    assert max(grown.values()) > 0


@pytest.mark.parametrize("way", ["message, compressed", "message, SNS"])
def test_what_was_worst_costs_a_quarter_of_what_it_did(way: str) -> None:
    grown = memory.grown(way)
    assert max(grown["empty objects"], grown["empty lists"]) <= BEFORE / 4
