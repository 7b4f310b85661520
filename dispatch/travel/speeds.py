"""Speed of each class of road in a city, including traffic lights and crossings.

The classes and their order are OpenStreetMap's (wiki: Key:highway); the speeds are assumptions of this project,
consistent with measured networks of hilly cities. Only their ratio matters: a unit's own mean speed sets the level
(`geo.Roads`)."""

from dataclasses import dataclass

from geo.road_network import Profile


@dataclass(frozen=True, slots=True)
class Speed:
    """Kilometres an hour."""

    car: float
    emergency: float

    def of(self, profile: Profile) -> float:
        return self.car if profile == "car" else self.emergency


SPEEDS: dict[str, Speed] = {
    "motorway": Speed(80, 95),
    "motorway_link": Speed(45, 55),
    "trunk": Speed(60, 75),
    "trunk_link": Speed(40, 50),
    "primary": Speed(42, 56),
    "primary_link": Speed(32, 42),
    "secondary": Speed(36, 48),
    "secondary_link": Speed(28, 38),
    "tertiary": Speed(30, 40),
    "tertiary_link": Speed(25, 33),
    "unclassified": Speed(26, 33),
    "residential": Speed(22, 28),
    "living_street": Speed(10, 14),
    "service": Speed(12, 15),
    "busway": Speed(30, 40),
    "bus_guideway": Speed(30, 40),
    "pedestrian": Speed(5, 8),
    "track": Speed(12, 15),
    "road": Speed(20, 26),
}
