"""A city as data: agencies, units' kinds, natures, stations."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from dispatch.model.interval import Interval, Target
from dispatch.model.unit_words import CrewMember
from geo import Parishes


@dataclass(frozen=True, slots=True)
class Agency:
    """`letter` marks its units on the map. `mobilisation_s`: from the order to moving wheels; `speed_kmh`: mean speed
    of the day; `silent_after_s`: after this time without a message a crew on duty is silent."""

    code: str
    es: str
    en: str
    letter: str
    mobilisation_s: float
    speed_kmh: float
    silent_after_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the emergency number. `share` is its part of all incidents, 0-1.

    Further callers of an incident: `further_calls` are expected, half of them within `half_life_s` seconds, and 95 % of
    the callers are within `seen_from_m` metres of it."""

    code: str
    es: str
    en: str
    share: float
    further_calls: float = 0.5
    half_life_s: float = 600.0
    seen_from_m: float = 150.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit: its agency and its capabilities."""

    code: str
    es: str
    en: str
    agency: str
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Need:
    capability: str
    count: int


@dataclass(frozen=True, slots=True)
class Nature:
    """A type of emergency. `priority` 1 (highest) to 5; `share` is its part of its service's incidents, 0-1. `needs`
    is the response to the first alarm, `alarms` what each further alarm adds."""

    code: str
    service: str
    es: str
    en: str
    priority: int
    needs: tuple[Need, ...]
    share: float
    alarms: tuple[tuple[Need, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """Natures that callers may name for the same emergency."""

    code: str
    es: str
    en: str
    natures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalGrid:
    """A projected system in metres in which people of the city write places, besides UTM; `crs` as pyproj reads it."""

    name: str
    crs: str


@dataclass(frozen=True, slots=True)
class Station:
    id: str
    agency: str
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Hospital:
    id: str
    name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class SharedNumber:
    """A number that many people call from: a switchboard, a payphone. `number` as it is written in the table."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class FleetUnit:
    id: str
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    station: str
    crew: tuple[CrewMember, ...] = ()
    shift: str | None = None


@dataclass(frozen=True)
class City:
    """Every code that one part names exists in another: the loader has seen to it. Lookups raise KeyError.
    `shared_numbers`: E.164 numbers that many people call from.

    `speed_factors`: speed in each hour of the local day, relative to the mean."""

    name: str
    timezone: str
    crs: str
    services: tuple[Service, ...]
    agencies: tuple[Agency, ...]
    kinds: tuple[Kind, ...]
    natures: tuple[Nature, ...]
    stations: tuple[Station, ...]
    hospitals: tuple[Hospital, ...]
    fleet: tuple[FleetUnit, ...]
    parishes: Parishes
    targets: tuple[Target, ...] = ()
    speed_factors: tuple[float, ...] = (1.0,) * 24
    families: tuple[Family, ...] = ()
    grids: tuple[LocalGrid, ...] = ()
    shared_numbers: frozenset[str] = frozenset()

    def service(self, code: str) -> Service:
        return self.services_by_code[code]

    def agency(self, code: str) -> Agency:
        return self.agencies_by_code[code]

    def kind(self, code: str) -> Kind:
        return self.kinds_by_code[code]

    def nature(self, code: str) -> Nature:
        return self.natures_by_code[code]

    def station(self, id: str) -> Station:
        return self.stations_by_id[id]

    def speed_kmh(self, agency: str, at: datetime) -> float:
        """Mean speed of the agency's units at this time, linear between the hours."""
        local = at.astimezone(self.zone)
        part = local.minute / 60
        before, after = self.speed_factors[local.hour], self.speed_factors[(local.hour + 1) % 24]
        return self.agency(agency).speed_kmh * (before * (1 - part) + after * part)

    def target(self, interval: Interval, *, agency: str | None = None, priority: int | None = None) -> Target | None:
        """The most specific one for this agency and priority; the first of equals."""
        fitting = [
            t
            for t in self.targets
            if t.interval == interval and t.agency in {None, agency} and t.priority in {None, priority}
        ]
        return max(fitting, key=lambda t: (t.agency is not None, t.priority is not None), default=None)

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """All capabilities of all kinds."""
        return frozenset(capability for kind in self.kinds for capability in kind.capabilities)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def services_by_code(self) -> dict[str, Service]:
        return {service.code: service for service in self.services}

    @cached_property
    def agencies_by_code(self) -> dict[str, Agency]:
        return {agency.code: agency for agency in self.agencies}

    @cached_property
    def kinds_by_code(self) -> dict[str, Kind]:
        return {kind.code: kind for kind in self.kinds}

    @cached_property
    def natures_by_code(self) -> dict[str, Nature]:
        return {nature.code: nature for nature in self.natures}

    @cached_property
    def nature_shares(self) -> dict[str, float]:
        """Each nature's part of all incidents, 0-1."""
        services = self.services_by_code
        return {nature.code: nature.share * services[nature.service].share for nature in self.natures}

    @cached_property
    def relatives(self) -> dict[str, frozenset[str]]:
        """The other natures of each nature's families."""
        return {
            nature.code: frozenset(
                code for family in self.families if nature.code in family.natures for code in family.natures
            )
            - {nature.code}
            for nature in self.natures
        }

    @cached_property
    def stations_by_id(self) -> dict[str, Station]:
        return {station.id: station for station in self.stations}
