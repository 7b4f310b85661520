"""Who fills which place: as many places as can be filled, by those who arrive first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from dispatch.model.city import Need


@dataclass(frozen=True, eq=False)
class Plan:
    """The places that `needs` leave to fill: one unit fills one, with a capability that it has. `plan_of` makes one for
    all who need the same."""

    needs: tuple[Need, ...]

    @cached_property
    def places(self) -> tuple[str, ...]:
        return tuple(need.capability for need in self.needs for _ in range(need.count))

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.places))

    def able(self, capabilities: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the wanted capabilities that a unit has."""
        known = self._able.get(capabilities)
        if known is None:
            known = self._able[capabilities] = tuple(c for c in self.wanted if c in capabilities)
        return known

    @cached_property
    def _able(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Units of a kind can do the same."""
        return {}

    def fill(self, able: Sequence[tuple[str, ...]], order: Iterable[int]) -> dict[int, str]:
        """Unit → the capability it is sent for; units are numbers into `able`, `order` says who is better.

        Each in turn is taken if all those taken before can still have a place, changing places if need be. Sets of
        units that can be placed together are a transversal matroid (Edmonds and Fulkerson 1965), in which this fills
        as many places as can be filled, with the least total arrival of all such sets; the first to arrive of
        them, the second and so on are each as soon as any set has them. Whoever is worse than all of a full set changes
        nothing."""
        seats: dict[int, int] = {}
        full: set[tuple[str, ...]] = set()
        for unit in order:
            if len(seats) == len(self.places):
                break
            # Where one was refused, another who can do the same will be.
            if able[unit] and able[unit] not in full and not self._seat(unit, able, seats, set()):
                full.add(able[unit])
        return {unit: self.places[place] for place, unit in sorted(seats.items())}

    def _seat(self, unit: int, able: Sequence[tuple[str, ...]], seats: dict[int, int], tried: set[int]) -> bool:
        """Kuhn's augmenting path: an empty place, or one whose unit can be seated elsewhere."""
        for place, capability in enumerate(self.places):
            if capability in able[unit] and place not in tried:
                tried.add(place)
                if place not in seats or self._seat(seats[place], able, seats, tried):
                    seats[place] = unit
                    return True
        return False

    def left(self, filled: Iterable[str]) -> tuple[Need, ...]:
        """What is still needed once these capabilities are seen to."""
        missing = {need.capability: 0 for need in self.needs}
        for place in self.places:
            missing[place] += 1
        for capability in filled:
            missing[capability] -= 1
        return tuple(Need(capability, count) for capability, count in missing.items() if count > 0)


@lru_cache(maxsize=1_000)
def plan_of(needs: tuple[Need, ...]) -> Plan:
    """Few are in use, and each learns who is able."""
    return Plan(needs)
