from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dispatch.desk.watch.deadlines import Deadlines

T0 = datetime(2026, 3, 1, tzinfo=UTC)
moments = st.integers(0, 20).map(lambda s: T0 + timedelta(seconds=s))


class Agenda(RuleBasedStateMachine):
    """Against a plain dict."""

    def __init__(self) -> None:
        super().__init__()
        self.deadlines: Deadlines[int] = Deadlines()
        self.plain: dict[int, datetime] = {}

    @rule(key=st.integers(0, 5), moment=st.none() | moments)
    def put(self, key: int, moment: datetime | None) -> None:
        self.deadlines.set(key, moment)
        self.plain.pop(key, None)
        if moment is not None:
            self.plain[key] = moment

    @rule(at=moments)
    def take(self, at: datetime) -> None:
        due = self.deadlines.take_due(at)
        assert sorted(due) == sorted(k for k, m in self.plain.items() if m <= at)
        assert [self.plain[k] for k in due] == sorted(self.plain.pop(k) for k in due)

    @invariant()
    def the_soonest_is_at_hand(self) -> None:
        assert self.deadlines.soonest() == min(self.plain.values(), default=None)
        assert len(self.deadlines) == len(self.plain)


TestDeadlines = Agenda.TestCase
