"""A city as data: who may be sent, for what, from where."""

from dataclasses import dataclass
from functools import cached_property

from geo import Parishes


@dataclass(frozen=True, slots=True)
class Agency:
    """`letter` marks its units on the map. `mobilisation_s`: from order to moving wheels; `speed_kmh`: under way."""

    code: str
    es: str
    en: str
    letter: str
    mobilisation_s: float
    speed_kmh: float


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the emergency number. `share` is its part of all incidents, 0-1."""

    code: str
    es: str
    en: str
    share: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit: whose it is and what it can do."""

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
    """A type of emergency. `priority` 1 (highest) to 5; `share` is its part of its service's incidents, 0-1."""

    code: str
    service: str
    es: str
    en: str
    priority: int
    needs: tuple[Need, ...]
    share: float


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
class FleetUnit:
    id: str
    agency: str
    kind: str
    capabilities: tuple[str, ...]
    station: str


@dataclass(frozen=True)
class City:
    """Every code that one part names exists in another: the loader has seen to it. Lookups raise KeyError."""

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
    def stations_by_id(self) -> dict[str, Station]:
        return {station.id: station for station in self.stations}
