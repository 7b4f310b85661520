from decimal import Decimal
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.tools.rows import number, unique


@pytest.mark.parametrize(
    ("said", "meant"),
    [("-0,18", -0.18), (" 1.5 ", 1.5), ("−78.5", -78.5), ("1e1", 10), (3, 3), (Decimal("-0.2"), -0.2)],
)
def test_numbers_as_people_write_them(said: object, meant: float) -> None:
    assert number(said) == meant


@pytest.mark.parametrize("said", [True, None, "", "1_0", "1,2,3", "0x1", [1], 10**400, Decimal("NaN"), Decimal("sNaN")])
def test_what_is_no_number(said: object) -> None:
    assert isnan(number(said))


@given(st.one_of(st.text(), st.binary(), st.integers(), st.decimals(), st.floats(), st.none()))
def test_anything_is_a_number_or_none(said: object) -> None:
    assert isinstance(number(said), float)


@given(st.lists(st.sampled_from(["a", "b", "", "a_2", "column_1"])))
def test_names_become_unique_and_the_first_keeps_its_own(names: list[str]) -> None:
    found = unique(names)
    assert len(found) == len(set(found)) == len(names) and "" not in found
