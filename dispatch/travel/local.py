"""The local travel times according to the settings, and the router that uses them."""

import httpx

from dispatch.model.city import City
from dispatch.settings import Settings
from dispatch.travel.choice import Router
from dispatch.travel.roads_file import load_roads
from dispatch.travel.server import Kind, RoutingServer
from dispatch.travel.unusable import RoadsFileError, TravelSettingsError
from geo import PROFILES, Projection, Roads, StraightLine, TravelTime


def straight_travel(settings: Settings, city: City) -> StraightLine:
    """Straight lines, which are always available and cost next to nothing. Raises TravelSettingsError."""
    if not settings.detour >= 1:
        raise TravelSettingsError(
            f"detour must be at least 1, not {settings.detour:g}: no route is shorter than the straight line"
        )
    return StraightLine(Projection(city.crs), settings.detour)


def local_travel(settings: Settings, city: City) -> TravelTime:
    """The roads if there is a file of them, else the straight line.

    Raises TravelSettingsError, and RoadsFileError for a file that can't be used or isn't of this city."""
    straight = straight_travel(settings, city)
    if settings.roads is None:
        return straight
    profile = next((profile for profile in PROFILES if profile == settings.roads_profile), None)
    if profile is None:
        raise TravelSettingsError(f"roads_profile must be one of {', '.join(PROFILES)}, not {settings.roads_profile!r}")
    roads = load_roads(settings.roads, profile)
    network, (west, south, east, north) = roads.network, city.parishes.bounds
    inside = (west <= network.lon) & (network.lon <= east) & (south <= network.lat) & (network.lat <= north)
    if not inside.any():
        raise RoadsFileError(f"{settings.roads}: none of its roads is in {city.name}")
    return Roads(network, straight.projection, profile, detour=settings.detour, contraction=roads.contractions[profile])


def router_for(settings: Settings, local: TravelTime) -> Router:
    """Raises TravelSettingsError."""
    if settings.routing_url is None:
        return Router(local)
    if not settings.routing_url.startswith(("http://", "https://")):
        raise TravelSettingsError(f"routing_url must begin with http:// or https://, not {settings.routing_url!r}")
    if settings.routing_kind not in set(Kind):
        raise TravelSettingsError(f"routing_kind must be one of {', '.join(Kind)}, not {settings.routing_kind!r}")
    for name in ("routing_timeout_s", "routing_kmh"):
        if not 0 < getattr(settings, name) <= 1_000:
            raise TravelSettingsError(f"{name} must be above 0, not {getattr(settings, name):g}")
    try:
        server = RoutingServer(settings.routing_url, Kind(settings.routing_kind), timeout_s=settings.routing_timeout_s)
    except httpx.InvalidURL as error:
        raise TravelSettingsError(f"routing_url is not a URL: {error}") from error
    return Router(local, server, server_kmh=settings.routing_kmh)
