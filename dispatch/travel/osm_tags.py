"""Interprets the tags of a way: which vehicles, directions and speed. Key:access, Key:oneway, Key:maxspeed (OSM wiki).

Turn restrictions, opening hours and lanes are not read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.travel.speeds import SPEEDS
from geo.road_network import Profile

Tags = Mapping[str, str]

CAR_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
CLOSED = frozenset({"no", "private", "agricultural", "forestry", "military", "permit", "use_sidepath", "emergency"})
OPEN = frozenset({"yes", "designated", "permissive", "official", "destination", "customers", "delivery"})
EMERGENCY = frozenset({"yes", "designated", "official", "permissive", "destination"})
NOT_FOR_CARS = frozenset({"pedestrian", "track", "busway", "bus_guideway"})
# Too narrow or too steep, unless an `emergency` tag allows vehicles; then as slow as a driveway.
PATHS = frozenset({"footway", "path", "cycleway", "bridleway"})
ROUND = frozenset({"roundabout", "circular"})
# Barriers that stop any vehicle, and those that stop an ordinary car but open to an emergency vehicle; a gate stops
# neither.
SOLID = frozenset(
    {"block", "jersey_barrier", "wall", "fence", "hedge", "guard_rail", "log", "debris", "city_wall", "ditch"}
    | {"retaining_wall", "stile", "turnstile", "full-height_turnstile", "kissing_gate", "cycle_barrier"}
)
LIFTED = frozenset({"bollard", "chain", "rope", "bus_trap", "sump_buster"})
SPEED = re.compile(r"([0-9]{1,3}(?:\.[0-9]+)?)\s*(mph|km/h|kmh|kph)?")
MPH_KMH = 1.609344
LEAST_OF_LIMIT = 0.6  # on average vehicles are slower than a posted limit, but not far below it


@dataclass(frozen=True, slots=True)
class Drive:
    """Kilometres an hour in the direction of the way, and against it; 0: not allowed."""

    forward_kmh: float
    backward_kmh: float


def drives(tags: Tags) -> dict[Profile, Drive] | None:
    """For each profile; None for what is not a road, or not open to any of them."""
    class_ = tags.get("highway", "")
    if class_ in PATHS and tags.get("emergency") in EMERGENCY:
        class_ = "service"
    if class_ not in SPEEDS or tags.get("area") == "yes" or tags.get("route") == "ferry":
        return None
    found: dict[Profile, Drive] = {
        "emergency": _drive(tags, class_, "emergency") if _open_to_emergency(tags) else Drive(0, 0),
        "car": _drive(tags, class_, "car") if _open_to_cars(tags, class_) else Drive(0, 0),
    }
    return found if any(drive.forward_kmh or drive.backward_kmh for drive in found.values()) else None


def passable(tags: Tags) -> dict[Profile, bool]:
    """Whether each profile can pass this node, which may be a barrier."""
    barrier, emergency, cars = tags.get("barrier", ""), tags.get("emergency"), _most_specific(tags)
    return {
        "emergency": not barrier or emergency in EMERGENCY or (barrier not in SOLID and emergency != "no"),
        "car": not barrier or (cars in OPEN if barrier in SOLID | LIFTED else cars not in CLOSED),
    }


def limit_kmh(text: str | None) -> float | None:
    """A `maxspeed` in km/h; None if it states none, or none that is usable."""
    match = SPEED.fullmatch((text or "").strip())
    if not match:
        return None
    kmh = float(match[1]) * (MPH_KMH if match[2] == "mph" else 1.0)
    return kmh if 5 <= kmh <= 150 else None


def _drive(tags: Tags, class_: str, profile: Profile) -> Drive:
    forward, backward = _directions(tags, class_, profile)
    both = tags.get("maxspeed")
    return Drive(
        _speed(class_, profile, tags.get("maxspeed:forward", both)) if forward else 0,
        _speed(class_, profile, tags.get("maxspeed:backward", both)) if backward else 0,
    )


def _speed(class_: str, profile: Profile, posted: str | None) -> float:
    """Speed of cars on the road, times the ratio of the profile's speed to that of cars on roads of this class."""
    speed, limit = SPEEDS[class_], limit_kmh(posted)
    car = speed.car if limit is None else min(max(speed.car, LEAST_OF_LIMIT * limit), limit)
    return car * speed.of(profile) / speed.car


def _directions(tags: Tags, class_: str, profile: Profile) -> tuple[bool, bool]:
    keys = ["oneway:motor_vehicle", "oneway:vehicle", "oneway"]
    if profile == "emergency":
        keys.insert(0, "oneway:emergency")
    said = next((tags[key] for key in keys if key in tags), "")
    if said in {"yes", "true", "1"}:
        return True, False
    if said in {"-1", "reverse"}:
        return False, True
    if said == "reversible":
        return False, False  # one direction at a time, and the map doesn't say when
    implied = not said and (tags.get("junction") in ROUND or class_ == "motorway")
    return True, not implied


def _open_to_cars(tags: Tags, class_: str) -> bool:
    said = _most_specific(tags)
    if class_ in NOT_FOR_CARS or tags.get("service") == "emergency_access" or tags.get("highway") in PATHS:
        return said in OPEN and any(key in tags for key in CAR_KEYS[:3])
    return said not in CLOSED


def _open_to_emergency(tags: Tags) -> bool:
    """Private roads and bus lanes are open; roads closed to everything only if `emergency` says so."""
    said = tags.get("emergency")
    if said is not None and (said in EMERGENCY or said == "no"):
        return said != "no"
    if tags.get("access") != "no":
        return True
    return any(tags.get(key) in OPEN | {"private"} for key in (*CAR_KEYS[:3], "bus", "psv"))


def _most_specific(tags: Tags) -> str:
    return next((tags[key] for key in CAR_KEYS if key in tags), "")
