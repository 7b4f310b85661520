"""What the study found, in words and tables that every run makes anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.evaluate import calls
from dispatch.evaluate.comparison import Estimate, fewer, share, tally
from dispatch.evaluate.outcome import Outcome
from dispatch.evaluate.policies import GAIN, INDIFFERENT_S, SECONDS_PER_CALL, Policy, ambulances_of, order_to_arrival_s
from dispatch.evaluate.simulation import BUSY
from dispatch.evaluate.study import Load, Study
from dispatch.policy.units.coverage import Floats

REACH = 0.20
TARGETS_MIN = (8, 10, 12, 15, 20, 30)
SHIFTS_A_DAY = 2


@dataclass(frozen=True, slots=True)
class Report:
    """`typical`: the load that the reach is about; `roads`: what the truth of travel was; `command`: what made it."""

    study: Study
    typical: Load
    target_s: float
    roads: str
    command: str

    def text(self) -> str:
        parts = [self._headline(), self._setting(), *map(self._load, self.study.loads), self._kinds(), self._targets()]
        return "\n\n".join("\n".join(part) for part in parts) + "\n"

    def _headline(self) -> Iterator[str]:
        load, outcomes = self.typical, self.study.outcomes[self.typical.name]
        yield "# Policies compared\n"
        yield f"Made by `{self.command}`. Method, assumptions and limits: [evaluation.md](../evaluation.md).\n"
        yield f"Late priority-1 arrivals (after {_minutes(self.target_s)} from the call, or never) at the typical load,"
        yield f"{load.per_day:,.0f} incidents a day over {load.days} days, against the closest idle unit by straight"
        yield "line; 95 % intervals over the same days:\n"
        base = tally(outcomes["line"], target_s=self.target_s)
        for policy in self.study.policies[1:]:
            found = fewer(tally(outcomes[policy.code], target_s=self.target_s), base)
            yield f"- {policy.label}: **{_percent(found)} fewer**{_verdict(found)}"
        yield "\n![Late arrivals by load](late_by_load.png)\n"
        yield "![Response times](response_times.png)\n"
        yield "![What is covered at rest](coverage.png)\n"
        yield "![Moves and what they gain](moves.png)"

    def _setting(self) -> Iterator[str]:
        city, line = self.study.city, self.study.outcomes[self.typical.name]["line"]
        yield "## Setting\n"
        yield f"{city.name} with the {len(city.fleet)} units of its data, {ambulances_of(city)} of them ambulances;"
        yield f"{self.roads}; seed {self.study.seed}. {_service_times()}"
        yield f"Coverage counts who is there within {order_to_arrival_s(city, 1):g} s of the order, with q = {BUSY:g};"
        yield f"an urgent call a day kept in reach is worth {SECONDS_PER_CALL:g} s of arrival, all together at most"
        yield f"{INDIFFERENT_S:g} s; a move must gain {GAIN:g} urgent calls a day (on a map of 1,000 incidents a day)."
        yield "All of these are assumptions, none was measured in Quito.\n"
        families = sorted(line[0].busy, key=lambda name: -float(np.mean([o.busy[name] for o in line])))[:5]
        rows = []
        for load in self.study.loads:
            found = self.study.outcomes[load.name]["line"]
            working = [f"{np.mean([o.busy[name] for o in found]):.0%}" for name in families]
            medical = np.concatenate([o.response_s[o.medical] for o in found])
            rows.append(
                [load.name, f"{load.per_day:,.0f}", f"{load.days}", _clock(float(np.nanmean(medical))), *working]
            )
        working_of = [f"`{name}` at work" for name in families]
        yield from _table(["load", "incidents a day", "days", "mean medical response", *working_of], rows)

    def _load(self, load: Load) -> Iterator[str]:
        outcomes = self.study.outcomes[load.name]
        yield f"## {load.name.capitalize()}: {load.per_day:,.0f} incidents a day, {load.days} days\n"
        head = [
            "policy",
            "late P1, %",
            "fewer than by line, %",
            "fewer than by road, %",
            "P1 median",
            "P1 mean",
            "P1 90 %",
        ]
        head += ["P2 mean", "P3–5 mean", "km a day", "moves of an ambulance a shift", "never reached"]
        yield from _table(head, [self._row(policy, outcomes) for policy in self.study.policies])

    def _row(self, policy: Policy, outcomes: Mapping[str, Sequence[Outcome]]) -> list[str]:
        found = outcomes[policy.code]
        mine, line, road = (tally(outcomes[code], target_s=self.target_s) for code in (policy.code, "line", "road"))
        first, second, others = (_responses(found, *which) for which in ((1,), (2,), (3, 4, 5)))
        moves = np.mean([o.moves for o in found]) / ambulances_of(self.study.city) / SHIFTS_A_DAY
        return [
            policy.label,
            _percent(share(mine)),
            "" if policy.code == "line" else _percent(fewer(mine, line)),
            "" if policy.code == "road" else _percent(fewer(mine, road)),
            _clock(float(np.nanmedian(first))),
            _clock(float(np.nanmean(first))),
            _clock(float(np.nanpercentile(first, 90))),
            _clock(float(np.nanmean(second))),
            _clock(float(np.nanmean(others))),
            f"{np.mean([o.km for o in found]):,.0f}",
            f"{moves:.1f}" if policy.move_up else "",
            f"{sum(int(np.isnan(o.response_s).sum()) for o in found)}",
        ]

    def _kinds(self) -> Iterator[str]:
        yield f"## Who gains, {self.typical.name} load\n"
        outcomes = self.study.outcomes[self.typical.name]
        rows = []
        for policy in self.study.policies:
            row = [policy.label]
            for priority, medical, target_s in ((1, True, self.target_s), (1, False, self.target_s), (2, None, 900.0)):
                mine, base = (
                    tally(outcomes[code], target_s=target_s, priority=priority, medical=medical)
                    for code in (policy.code, "line")
                )
                row += [_percent(share(mine)), "" if policy.code == "line" else _percent(fewer(mine, base))]
            rows.append(row)
        head = [
            f"{what}{more}"
            for what in ("medical P1", "other P1", "P2 after 15 min")
            for more in (", late %", ", fewer %")
        ]
        yield from _table(["policy", *head], rows)

    def _targets(self) -> Iterator[str]:
        yield f"## If the target were another, {self.typical.name} load\n"
        yield "Fewer priority-1 arrivals after that time than closest by line, %; policies aim at what they did.\n"
        outcomes = self.study.outcomes[self.typical.name]
        rows = []
        for policy in self.study.policies[1:]:
            row = [policy.label]
            for minutes in TARGETS_MIN:
                mine, base = (tally(outcomes[code], target_s=60.0 * minutes) for code in (policy.code, "line"))
                row.append(_percent(fewer(mine, base)))
            rows.append(row)
        yield from _table(["policy", *(f"{minutes} min" for minutes in TARGETS_MIN)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| --- |{' ---: |' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _percent(found: Estimate) -> str:
    return f"{100 * found.value:.1f} ({100 * found.low:.1f} to {100 * found.high:.1f})"


def _verdict(found: Estimate) -> str:
    if not found.above_zero:
        return ", which may be chance"
    return "; the reach of 20 % is met" if found.value >= REACH else ""


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:g} min"


def _responses(found: Sequence[Outcome], *priorities: int) -> Floats:
    return np.concatenate([o.response_s[np.isin(o.priority, priorities)] for o in found])


def _service_times() -> str:
    scene = ", ".join(f"{name.replace('_', ' ')} {minutes:g}" for name, minutes in calls.SCENE_MIN.items())
    return (
        f"Medians: {calls.PROCESS_S:g} s until somebody is sent; at the scene, in minutes, {scene}, others "
        f"{calls.OTHER_SCENE_MIN:g}; {calls.TRANSPORTED:.0%} of patients go to the nearest hospital, where handing "
        f"over takes {calls.HANDOVER_MIN:g} min. A way takes what the table says times a lognormal with a spread of "
        f"{calls.TRAVEL_SPREAD:.0%}."
    )
