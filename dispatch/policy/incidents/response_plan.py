"""What an emergency needs: the plan of its nature, alarm by alarm, less what is on its way."""

from collections.abc import Iterable

from dispatch.model.city import Nature, Need
from dispatch.policy.units.capability_matching import plan_of


def alarms_of(nature: Nature | None) -> int:
    """How many alarm levels the plan has; 1 where there is none to raise."""
    return 1 + (len(nature.alarms) if nature else 0)


def needed_at(nature: Nature | None, alarm: int) -> tuple[Need, ...]:
    """All that the plan sends up to this alarm, 1 being the first; beyond the last the same as at the last. Nothing is
    planned for an emergency of no nature."""
    if nature is None:
        return ()
    counts: dict[str, int] = {}
    for need in (*nature.needs, *(need for further in nature.alarms[: alarm - 1] for need in further)):
        counts[need.capability] = counts.get(need.capability, 0) + need.count
    return tuple(Need(capability, count) for capability, count in counts.items())


def still_needed(needs: tuple[Need, ...], going: Iterable[tuple[str, ...]]) -> tuple[Need, ...]:
    """`going`: what each unit that was sent already can do; each fills one place, so that most are filled."""
    plan = plan_of(needs)
    able = [plan.able(capabilities) for capabilities in going]
    return plan.left(plan.fill(able, range(len(able))).values())
