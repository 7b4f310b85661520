"""One unit of the simulated fleet: its place, its activity and the distance driven."""

from dataclasses import dataclass, field, replace

from dispatch.evaluate.places import TABLE_KMH, Places
from dispatch.model import ASSIGNABLE, PlacedUnit, Unit, UnitStatus

LOOK_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip that may be interrupted: from place to place, in these seconds."""

    start: int
    end: int
    from_s: float
    to_s: float

    def share(self, now_s: float) -> float:
        return min(1.0, (now_s - self.from_s) / max(self.to_s - self.from_s, 1e-9))


@dataclass(slots=True, eq=False)
class Vehicle:
    """`base`: the place where it waits, or to which it returns; `home`: its own station's. `trip` while it returns,
    `there_s` when it is (or was) last at a scene."""

    number: int
    unit: Unit
    home: int
    base: int
    place: int
    trip: Trip | None = None
    there_s: float = 0.0
    moved_s: float = -1e9
    busy_s: float = 0.0
    km: float = 0.0
    moves: int = 0
    able: frozenset[str] = field(init=False)
    is_free: bool = True
    _seen: PlacedUnit | None = None
    _seen_s: float = -1e9

    def __post_init__(self) -> None:
        self.able = frozenset(self.unit.capabilities)

    def standing(self, places: Places, now_s: float) -> PlacedUnit:
        """Its place; recomputed every half minute while it drives."""
        if self._seen is not None and (self.trip is None or now_s - self._seen_s < LOOK_AGAIN_S):
            return self._seen
        if self.trip is not None:
            self.place = places.on_the_way(self.trip.start, self.trip.end, self.trip.share(now_s))
        self._seen = PlacedUnit(self.unit, places.points[self.place], None, 0.0)
        self._seen_s = now_s
        return self._seen

    def become(self, status: UnitStatus) -> None:
        if status is not self.unit.status:
            self.unit = replace(self.unit, status=status)
            self.is_free = status in ASSIGNABLE
        self._seen = None

    def break_off(self, places: Places, now_s: float) -> None:
        """Interrupt the trip: the distance so far counts, and the unit is where it got to."""
        if self.trip is not None:
            share = self.trip.share(now_s)
            self.place = places.on_the_way(self.trip.start, self.trip.end, share)
            self.drove(float(places.seconds_at_36[self.trip.start, self.trip.end]) * share)
            self.trip = None

    def go(self, to: int, places: Places) -> None:
        self.drove(float(places.seconds_at_36[self.place, to]))
        self.place = to

    def drove(self, seconds_at_36: float) -> None:
        self.km += seconds_at_36 * TABLE_KMH / 3_600
