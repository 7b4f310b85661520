"""Assigns units to places: as many places as possible, by the units that arrive first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from dispatch.model.city import Need


@dataclass(frozen=True, eq=False)
class Plan:
    """The places that `needs` leave to fill: one unit fills one, with one of its capabilities. `plan_of` returns the
    same object for the same needs."""

    needs: tuple[Need, ...]

    @cached_property
    def places(self) -> tuple[str, ...]:
        return tuple(need.capability for need in self.needs for _ in range(need.count))

    @cached_property
    def wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.places))

    def able(self, capabilities: tuple[str, ...]) -> tuple[str, ...]:
        """The needed capabilities that a unit has."""
        known = self._able.get(capabilities)
        if known is None:
            known = self._able[capabilities] = tuple(c for c in self.wanted if c in capabilities)
        return known

    @cached_property
    def _able(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Units of a kind have the same result."""
        return {}

    def fill(self, able: Sequence[tuple[str, ...]], order: Iterable[int]) -> dict[int, str]:
        """Unit → the capability it is sent for; units are numbers into `able`, `order` is the preference.

        Each in turn is taken if all those taken before can still have a place, exchanging places if necessary. Sets of
        units that can be placed together are a transversal matroid (Edmonds and Fulkerson 1965), in which this fills as
        many places as possible, with the least total arrival of all such sets; the first arrival, the second and so on
        are each as early as in any such set. A unit that is worse than all of a full set changes nothing."""
        seats: dict[int, int] = {}
        full: set[tuple[str, ...]] = set()
        for unit in order:
            if len(seats) == len(self.places):
                break
            # If one was refused, so will be another with the same capabilities.
            if able[unit] and able[unit] not in full and not self._seat(unit, able, seats, set()):
                full.add(able[unit])
        return {unit: self.places[place] for place, unit in sorted(seats.items())}

    def _seat(self, unit: int, able: Sequence[tuple[str, ...]], seats: dict[int, int], tried: set[int]) -> bool:
        """Kuhn's augmenting path: an empty place, or one whose unit can be moved to another."""
        for place, capability in enumerate(self.places):
            if capability in able[unit] and place not in tried:
                tried.add(place)
                if place not in seats or self._seat(seats[place], able, seats, tried):
                    seats[place] = unit
                    return True
        return False

    def left(self, filled: Iterable[str]) -> tuple[Need, ...]:
        """What is still needed after these capabilities are filled."""
        missing = {need.capability: 0 for need in self.needs}
        for place in self.places:
            missing[place] += 1
        for capability in filled:
            missing[capability] -= 1
        return tuple(Need(capability, count) for capability, count in missing.items() if count > 0)


@lru_cache(maxsize=1_000)
def plan_of(needs: tuple[Need, ...]) -> Plan:
    """Few plans are in use, and each caches which capabilities fit."""
    return Plan(needs)
