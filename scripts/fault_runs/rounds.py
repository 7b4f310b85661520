"""One round: clients at work, one fault meanwhile, and the result of the checker."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from uuid import UUID

from dispatch.model.city import City
from scripts.fault_runs.checker import violations
from scripts.fault_runs.cluster import Cluster
from scripts.fault_runs.crowd import Crowd
from scripts.fault_runs.faults import Fault, NotKept, Scene
from scripts.fault_runs.history import History
from scripts.fault_runs.logs import Sent, Word

CALLS_PER_S = 20.0
BEFORE_S = AFTER_S = 0.7


@dataclass(frozen=True, slots=True)
class Outcome:
    fault: str
    history: History
    violations: list[str]

    @property
    def calls(self) -> int:
        return len(_by_report(self.history.sent))

    @property
    def acknowledged(self) -> int:
        return sum(any(sent.is_acknowledged for sent in tries) for tries in _by_report(self.history.sent).values())

    @property
    def repeated(self) -> int:
        """Reports sent more than once because no good answer came."""
        return sum(not tries[0].is_acknowledged for tries in _by_report(self.history.sent).values())

    @property
    def unavailable_ms(self) -> float:
        """The longest time in which no node acknowledged anything."""
        moments = sorted(sent.answered_s for sent in self.history.sent if sent.is_acknowledged)
        return max((later - earlier for earlier, later in pairwise(moments)), default=0.0) * 1e3

    @property
    def waited_ms(self) -> float:
        """The longest wait of a caller, from the first try to the acknowledgement."""
        return max((_waited_s(tries) for tries in _by_report(self.history.sent).values()), default=0.0) * 1e3

    @property
    def resumed(self) -> int:
        """Number of times a screen reconnected with its last number and continued from there."""
        return sum(
            first.word is Word.RESUMED and second.word is Word.EVENT
            for told in self.history.told.values()
            for first, second in pairwise(told)
        )


async def play(cluster: Cluster, city: City, fault: Fault, *, seed: int, calls_per_s: float = CALLS_PER_S) -> Outcome:
    """The cluster must be intact, and is so again afterwards."""
    not_kept: list[str] = []
    async with Crowd.of(cluster, city, per_s=calls_per_s, seed=seed) as crowd:
        async with crowd.at_work() as told:
            await asyncio.sleep(BEFORE_S)
            try:
                await fault(Scene(cluster, crowd.callers, Random(seed)))
            except NotKept as error:
                not_kept.append(f"not kept: {error}")
            await asyncio.sleep(AFTER_S)
        [history] = told
    return Outcome(fault.__name__, history, not_kept + violations(history))


def _by_report(sent: Sequence[Sent]) -> dict[UUID, list[Sent]]:
    """In the order in which they were sent."""
    by_report: dict[UUID, list[Sent]] = {}
    for one in sorted(sent, key=lambda one: one.sent_s):
        by_report.setdefault(one.report_id, []).append(one)
    return by_report


def _waited_s(tries: list[Sent]) -> float:
    return next((one.answered_s for one in tries if one.is_acknowledged), tries[-1].answered_s) - tries[0].sent_s
