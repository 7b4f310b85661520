"""Loads a city from its folder, or reports everything that is wrong with it by file, line and field.

What depends on a file that couldn't be read isn't checked, so one mistake is reported once."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from pyproj import CRS
from pyproj.exceptions import CRSError

from dispatch.city.files import CityFile, Records, read_records
from dispatch.model import Target
from dispatch.model.city import (
    Agency,
    City,
    Family,
    FleetUnit,
    Hospital,
    Kind,
    LocalGrid,
    Nature,
    Service,
    SharedNumber,
    Station,
)
from dispatch.model.phone import e164
from dispatch.model.unit_words import crew_fault, shift_of
from geo import LayerError, Parishes

SHARES_SUM_WITHIN = 0.005

T = TypeVar("T")


class CityError(Exception):
    """`problems` lists all problems, each as "file: where, field: problem"."""

    def __init__(self, folder: Path, problems: Sequence[str]) -> None:
        super().__init__("\n  ".join((f"The city in {folder} can't be loaded:", *problems)))
        self.problems = tuple(problems)


def load_city(folder: Path) -> City:
    """Raises CityError with every problem, not only the first."""
    problems: list[str] = []

    def file(name: str) -> CityFile:
        return CityFile(folder / name, problems)

    head = _head(file("city.json"))
    services = read_records(Service, file("services.json"), key="code")
    agencies = read_records(Agency, file("agencies.json"), key="code")
    kinds = read_records(Kind, file("kinds.json"), key="code")
    natures = read_records(Nature, file("natures.json"), key="code")
    stations = read_records(Station, file("stations.csv"), key="id")
    hospitals = read_records(Hospital, file("hospitals.csv"), key="id")
    fleet = read_records(FleetUnit, file("fleet.csv"), key="id")
    parishes = _parishes(file("parishes.geojson"), head.crs)
    targets = _or_none(Target, file("targets.json"))
    families = _or_none(Family, file("families.json"))
    shared = file("shared_numbers.csv")
    shared_numbers = read_records(SharedNumber, shared, key="number") if shared.path.exists() else Records(shared)

    _check_known(kinds, "agency", agencies)
    _check_known(natures, "service", services)
    _check_known(stations, "agency", agencies)
    _check_known(fleet, "agency", agencies)
    _check_known(fleet, "kind", kinds)
    _check_known(fleet, "station", stations)
    _check_targets(targets, agencies)
    _check_services(services)
    _check_families(families, natures)
    _check_agencies(agencies)
    numbers = _numbers(shared_numbers)
    units = _equipped(fleet, {kind.code: kind for kind in kinds.values()})
    _check_natures(natures, units)
    _check_inside(stations, parishes)
    _check_inside(hospitals, parishes)
    if problems or parishes is None:
        raise CityError(folder, problems)
    return City(
        name=head.name,
        timezone=head.timezone,
        crs=head.crs,
        services=services.values(),
        agencies=agencies.values(),
        kinds=kinds.values(),
        natures=natures.values(),
        stations=stations.values(),
        hospitals=hospitals.values(),
        fleet=units,
        parishes=parishes,
        targets=targets.values(),
        speed_factors=head.speed_factors,
        families=families.values(),
        grids=head.grids,
        shared_numbers=numbers,
    )


@dataclass(frozen=True, slots=True)
class _Head:
    name: str = ""
    timezone: str = "UTC"
    crs: str = "EPSG:32717"
    speed_factors: tuple[float, ...] = (1.0,) * 24
    grids: tuple[LocalGrid, ...] = ()


def _head(file: CityFile) -> _Head:
    content = file.json()
    if content is None:
        return _Head()
    try:
        head = msgspec.convert(content, _Head)
    except msgspec.ValidationError as error:
        file.wrong(str(error))
        return _Head()
    if not head.name:
        file.wrong("is missing or empty", "", "name")
    try:
        ZoneInfo(head.timezone)
    except (KeyError, ValueError, OSError):
        file.wrong(f"{head.timezone!r} is not a known time zone", "", "timezone")
    if len(head.speed_factors) != 24 or not all(0.1 <= factor <= 5 for factor in head.speed_factors):
        file.wrong("must be 24 numbers from 0.1 to 5, one for each hour", "", "speed_factors")
        head = replace(head, speed_factors=_Head().speed_factors)
    head = replace(head, grids=tuple(grid for grid in head.grids if _is_in_metres(file, grid.crs, "grids")))
    return head if _is_in_metres(file, head.crs, "crs") else replace(head, crs=_Head().crs)


def _is_in_metres(file: CityFile, crs: str, field: str) -> bool:
    try:
        known = CRS.from_user_input(crs)
    except CRSError:
        file.wrong(f"{crs!r} is not a known reference system", "", field)
        return False
    if not known.is_projected or known.axis_info[0].unit_name != "metre":
        file.wrong(f"{crs!r} is not projected in metres", "", field)
        return False
    return True


def _parishes(file: CityFile, crs: str) -> Parishes | None:
    collection: Any = file.json()
    if collection is None:
        return None
    try:
        return Parishes.from_geojson(collection, crs)
    except LayerError as error:
        for problem in error.problems:
            file.wrong(problem)
        return None


def _or_none(cls: type[T], file: CityFile) -> Records[T]:
    """For an optional file."""
    return read_records(cls, file, key="code") if file.path.exists() else Records(file)


def _numbers(shared: Records[SharedNumber]) -> frozenset[str]:
    for where, one in shared.items:
        if e164(one.number) is None:
            shared.file.wrong(f"{one.number!r} is not a number that can be called back", where, "number")
    return frozenset(number for _, one in shared.items if (number := e164(one.number)))


def _check_targets(targets: Records[Target], agencies: Records[Agency]) -> None:
    for where, target in targets.items:
        if target.agency is not None and agencies.written and target.agency not in agencies.written:
            targets.file.wrong(f"{target.agency!r} is not in agencies.json", where, "agency")
        if target.seconds <= 0:
            targets.file.wrong(f"must be above 0, not {target.seconds:g}", where, "seconds")
        if not 0 < target.share <= 1:
            targets.file.wrong(f"must be above 0 and at most 1, not {target.share:g}", where, "share")
        if target.priority is not None and not 1 <= target.priority <= 5:
            targets.file.wrong(f"must be 1 to 5, not {target.priority}", where, "priority")


def _check_known(records: Records[Any], column: str, known: Records[Any]) -> None:
    for where, item in records.items:
        code = getattr(item, column)
        if known.written and code not in known.written:
            records.file.wrong(f"{code!r} is not in {known.file.path.name}", where, column)


def _check_services(services: Records[Service]) -> None:
    for where, service in services.items:
        _check_share(services, where, service.share)
        for name in ("further_calls", "half_life_s", "seen_from_m"):
            if getattr(service, name) <= 0:
                services.file.wrong(f"must be above 0, not {getattr(service, name):g}", where, name)
    _check_sum(services, "all services", sum(service.share for service in services.values()))


def _check_families(families: Records[Family], natures: Records[Nature]) -> None:
    for where, family in families.items:
        for code in family.natures:
            if natures.written and code not in natures.written:
                families.file.wrong(f"{code!r} is not in natures.json", where, "natures")


def _check_agencies(agencies: Records[Agency]) -> None:
    for where, agency in agencies.items:
        if len(agency.letter) != 1:
            agencies.file.wrong(f"must be one letter, not {agency.letter!r}", where, "letter")
        if agency.mobilisation_s < 0:
            agencies.file.wrong(f"must be 0 or more seconds, not {agency.mobilisation_s:g}", where, "mobilisation_s")
        if agency.silent_after_s <= 0:
            agencies.file.wrong(f"must be above 0 seconds, not {agency.silent_after_s:g}", where, "silent_after_s")
        if not 0 < agency.speed_kmh <= 200:
            agencies.file.wrong(f"must be above 0 and at most 200, not {agency.speed_kmh:g}", where, "speed_kmh")


def _equipped(fleet: Records[FleetUnit], kinds: dict[str, Kind]) -> tuple[FleetUnit, ...]:
    """The units with their capabilities: their own or, if they have none, those of their kind."""
    known = {capability for kind in kinds.values() for capability in kind.capabilities}
    units = []
    for where, unit in fleet.items:
        kind = kinds.get(unit.kind)
        if kind is not None and kind.agency != unit.agency:
            fleet.file.wrong(f"{unit.kind!r} belongs to {kind.agency}, not to {unit.agency}", where, "kind")
        for capability in unit.capabilities:
            if known and capability not in known:
                fleet.file.wrong(f"{capability!r} is not in kinds.json", where, "capabilities")
        if fault := crew_fault(unit.crew):
            fleet.file.wrong(fault, where, "crew")
        if unit.shift is not None and shift_of(unit.shift) != unit.shift:
            fleet.file.wrong(f"{unit.shift!r} is not a shift such as 07:00-19:00", where, "shift")
        own = unit.capabilities or (kind.capabilities if kind is not None else ())
        units.append(replace(unit, capabilities=own))
    return tuple(units)


def _check_natures(natures: Records[Nature], units: Sequence[FleetUnit]) -> None:
    available = Counter(capability for unit in units for capability in set(unit.capabilities))
    shares: defaultdict[str, float] = defaultdict(float)
    for where, nature in natures.items:
        shares[nature.service] += nature.share
        _check_share(natures, where, nature.share)
        if not 1 <= nature.priority <= 5:
            natures.file.wrong(f"must be 1 to 5, not {nature.priority}", where, "priority")
        if not nature.needs:
            natures.file.wrong("needs at least one unit", where, "needs")
        for need in nature.needs:
            if need.count < 1:
                natures.file.wrong(f"{need.capability!r} must be 1 or more, not {need.count}", where, "needs")
            elif available and available[need.capability] < need.count:
                have = f"{available[need.capability]} unit(s) of the fleet have it"
                natures.file.wrong(f"{need.count} of {need.capability!r}, and {have}", where, "needs")
        for need in (need for alarm in nature.alarms for need in alarm):
            if need.count < 1:
                natures.file.wrong(f"{need.capability!r} must be 1 or more, not {need.count}", where, "alarms")
            elif available and need.capability not in available:
                natures.file.wrong(f"no unit of the fleet has {need.capability!r}", where, "alarms")
    for service, total in shares.items():
        _check_sum(natures, f"service {service}", total)


def _check_share(records: Records[Any], where: str, share: float) -> None:
    if not 0 <= share <= 1:
        records.file.wrong(f"must be 0 to 1, not {share:g}", where, "share")


def _check_sum(records: Records[Any], where: str, total: float) -> None:
    if records.items and len(records.items) == len(records.written) and abs(total - 1) > SHARES_SUM_WITHIN:
        records.file.wrong(f"add up to {total:.4f}, not 1", where, "share")


def _check_inside(places: Records[Any], parishes: Parishes | None) -> None:
    for where, place in places.items:
        if not (-90 <= place.lat <= 90 and -180 <= place.lon <= 180):
            places.file.wrong(f"{place.lat}, {place.lon} is not a valid latitude and longitude", where, "lat")
        elif parishes is not None and parishes.find(place.lat, place.lon) is None:
            places.file.wrong(f"{place.lat}, {place.lon} is in no parish of this city", where, "lat")
