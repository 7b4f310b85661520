"""Every policy on the same days, at every load."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.evaluate.calls import day_of
from dispatch.evaluate.outcome import Outcome
from dispatch.evaluate.places import Places
from dispatch.evaluate.policies import RESTRAINT, Policy
from dispatch.evaluate.simulation import Simulation
from dispatch.model.city import City

# Factors on the threshold for moves, from low to high.
EAGERNESS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Load:
    """`per_day` incidents, over so many days."""

    name: str
    per_day: float
    days: int


@dataclass(frozen=True, eq=False)
class Study:
    """`outcomes[load][policy]`: by day, the same days for all policies of a load."""

    city: City
    places: Places
    policies: tuple[Policy, ...]
    loads: tuple[Load, ...]
    seed: int
    outcomes: Mapping[str, Mapping[str, Sequence[Outcome]]]


def study_of(
    city: City,
    places: Places,
    *,
    policies: Sequence[Policy],
    loads: Sequence[Load],
    seed: int,
    progress: Progress,
) -> Study:
    """`progress` is called after each day of each policy."""
    outcomes: dict[str, dict[str, list[Outcome]]] = {}
    for load in loads:
        of_load: dict[str, list[Outcome]] = {policy.code: [] for policy in policies}
        for number in range(load.days):
            day = day_of(city, places, per_day=load.per_day, seed=seed, number=number)
            for policy in policies:
                of_load[policy.code].append(Simulation(city, places, policy, day).run())
                progress(f"{load.name}, day {number + 1}")
        outcomes[load.name] = of_load
    return Study(city, places, tuple(policies), tuple(loads), seed, outcomes)


def eager(policy: Policy) -> tuple[Policy, ...]:
    """The policy with increasing thresholds for moves."""
    return tuple(
        replace(
            policy,
            code=f"{policy.code} x{part:g}",
            label=f"{RESTRAINT.gain * part:g} calls a day",
            move_up=replace(RESTRAINT, gain=RESTRAINT.gain * part),
        )
        for part in EAGERNESS
    )
