"""A bounded run of `scripts/mutate_reports`: no mutated report crashes a door."""

from scripts.mutate_reports import run


def test_no_mutated_report_breaks_a_door() -> None:
    outcomes, crashes = run(2_000, seed=13)
    assert not crashes
    assert sum(outcomes.values()) == 2_000
    # It is no test where nearly nothing gets through, or nearly everything does.
    assert outcomes["calls report"] > 20 and outcomes["calls unreadable"] > 20
