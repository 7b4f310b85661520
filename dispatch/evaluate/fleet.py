"""The simulated fleet: which units are available, their capabilities, and the loss of coverage without each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dispatch.evaluate.calls import Day
from dispatch.evaluate.places import Places
from dispatch.evaluate.vehicle import Vehicle
from dispatch.model import PlacedUnit, Unit, UnitId, UnitStatus
from dispatch.model.city import City


@dataclass(frozen=True, eq=False)
class Fleet:
    """`family[unit]`: the unit and all that share a capability with it, directly or through others. Coverage changes
    only among them when one of them goes."""

    vehicles: tuple[Vehicle, ...]
    by_id: Mapping[UnitId, Vehicle]
    family: Mapping[UnitId, tuple[Vehicle, ...]]
    family_name: Mapping[UnitId, str]

    @classmethod
    def of(cls, city: City, places: Places, day: Day) -> "Fleet":
        vehicles = []
        for number, unit in enumerate(city.fleet):
            home = places.station[unit.station]
            model = Unit(
                UnitId(unit.id),
                unit.agency,
                unit.kind,
                unit.capabilities,
                unit.station,
                UnitStatus.AVAILABLE,
                day.start,
            )
            vehicles.append(Vehicle(number, model, home, home, home))
        families = list(_families(vehicles))
        return cls(
            tuple(vehicles),
            {v.unit.id: v for v in vehicles},
            {v.unit.id: family for family in families for v in family},
            {v.unit.id: _name(family) for family in families for v in family},
        )

    def free(self, capabilities: Collection[str]) -> list[Vehicle]:
        """Available units that have one of these capabilities."""
        return [v for v in self.vehicles if v.is_free and not v.able.isdisjoint(capabilities)]

    def relatives(self, some: Iterable[Vehicle]) -> list[Vehicle]:
        """All available units of the families of these."""
        families = {self.family_name[v.unit.id]: self.family[v.unit.id] for v in some}
        return [v for family in families.values() for v in family if v.is_free]


def standings_of(vehicles: Iterable[Vehicle], places: Places, now_s: float) -> list[PlacedUnit]:
    return [v.standing(places, now_s) for v in vehicles]


def _families(vehicles: Sequence[Vehicle]) -> Iterable[tuple[Vehicle, ...]]:
    groups: list[tuple[set[str], list[Vehicle]]] = []
    for vehicle in vehicles:
        joined = [group for group in groups if not group[0].isdisjoint(vehicle.able)]
        merged = (
            set(vehicle.able).union(*(group[0] for group in joined)),
            [v for group in joined for v in group[1]] + [vehicle],
        )
        groups = [group for group in groups if group not in joined] + [merged]
    return [tuple(sorted(members, key=lambda v: v.number)) for _, members in groups]


def _name(family: Sequence[Vehicle]) -> str:
    """The capability that most of the family have."""
    counts: dict[str, int] = {}
    for vehicle in family:
        for capability in vehicle.unit.capabilities:
            counts[capability] = counts.get(capability, 0) + 1
    return max(counts, key=lambda capability: (counts[capability], capability))
