"""The vocabulary: states, lanes, transitions."""

from __future__ import annotations

from importlib import resources

import pytest

from notifyctl.engine.states import TRANSITIONS, Lane, State


def test_transitions_end_where_others_begin_or_for_good() -> None:
    """Every state is reached; every one but the two ends has a way out."""
    ends = {state for _, after in TRANSITIONS.values() for state in after}
    starts = {state for before, _ in TRANSITIONS.values() for state in before}

    assert set(State) <= ends
    assert set(State) - starts == {State.COMPLETED, State.CANCELLED}


def test_transitions_have_a_script_each() -> None:
    """`promote` and `reclaim` happen inside `take`."""
    scripts = {file.name.removesuffix(".lua") for file in resources.files("notifyctl.engine").joinpath("lua").iterdir()}

    assert set(TRANSITIONS) - {"promote", "reclaim"} <= scripts


@pytest.mark.parametrize(("name", "lane"), [("high", Lane.HIGH), ("Normal", Lane.NORMAL), ("LOW", Lane.LOW)])
def test_lane_is_parsed_by_name(name: str, lane: Lane) -> None:
    """In any case."""
    assert Lane.parse(name) is lane


def test_lane_of_another_name_is_refused() -> None:
    """The message says what was expected."""
    with pytest.raises(ValueError, match="expected high, normal or low, not 'urgent'"):
        Lane.parse("urgent")
