"""Travel time over the streets: one search from each target gives the times of every unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from geo.contraction import Contraction, contract
from geo.point import Point
from geo.projection import Projection
from geo.road_network import Arcs, Profile, RoadNetwork
from geo.road_search import Field, RoadSearch
from geo.snap import REACH_M, Snapped, Snapper
from geo.travel_time import Floats, StraightLine

REMEMBERED = 256  # searches; about 100 kB each in a large city
SETS_REMEMBERED = 16  # sets of places: after the times, the distance to the road is asked for the same places


@dataclass(frozen=True, slots=True, eq=False)
class Trips:
    """`seconds` (n, m); metres from each source (n,) and each target (m,) to the road: inf if none is in reach, and
    then the straight line is used for its pairs."""

    seconds: Floats
    source_off_m: Floats
    target_off_m: Floats


class Roads:
    """TravelTime over a network: seconds of the quickest route × reference_kmh / speed_kmh.

    The network determines the route, the unit's speed at this hour the level. A place off the road adds its distance to
    it, with the detour of a straight line at the unit's speed; if source and target are nearer to each other than to
    the road, the straight line is used. Only the part of the network is used in which every place can be reached from
    every other. The search of a target is cached, because the next question is often about the same one.

    `contraction` of this network and profile, if given, saves some seconds."""

    def __init__(
        self,
        network: RoadNetwork,
        projection: Projection,
        profile: Profile = "emergency",
        *,
        detour: float = 1.35,
        contraction: Contraction | None = None,
    ) -> None:
        self.network, self.profile, self.projection = network, profile, projection
        self.line = StraightLine(projection, detour)
        self.reference_kmh = network.paces[profile].reference_kmh
        self._pace = network.paces[profile]
        usable = _usable(network, profile)
        self._search = RoadSearch(contraction or contraction_of(network, profile))
        lat, lon, street = network.shapes()
        shown = usable[street]
        x, y = projection.forward(lat[shown], lon[shown])
        names, line = np.unique(street[shown], return_inverse=True)
        self._snapper = Snapper(x, y, line, names.astype(np.int32))
        self._field = lru_cache(maxsize=REMEMBERED)(self._search_from)
        self._snapped = lru_cache(maxsize=SETS_REMEMBERED)(self._snap_bytes)

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        return self.trips(lats, lons, targets, speed_kmh=speed_kmh).seconds

    def off_road_m(self, lats: Floats, lons: Floats) -> Floats:
        """Metres from each of n places to the nearest road, inf if that is beyond reach (2 km)."""
        return self._snap(lats, lons).off_m.copy()

    def trips(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Trips:
        """As `seconds`, with the distance of each end to the road."""
        lats, lons = np.asarray(lats, np.float64), np.asarray(lons, np.float64)
        sources = self._snap(lats, lons)
        goals = self._snap(np.array([t.lat for t in targets]), np.array([t.lon for t in targets]))
        speed = np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1))
        seconds = self.line.seconds(lats, lons, targets, speed_kmh=speed_kmh)
        if sources.on.any() and goals.on.any():
            on = np.ix_(sources.on, goals.on)
            off_m = np.add.outer(sources.off_m[sources.on], goals.off_m[goals.on])
            level = (np.broadcast_to(speed, (len(lats), 1)))[sources.on]
            driven = self._driven(_only(sources), _only(goals)) * self.reference_kmh / level
            off_s = off_m * self.line.detour * 3.6 / level
            # Two places that are nearer to each other than to the road need none.
            seconds[on] = np.where(seconds[on] <= off_s, seconds[on], driven + off_s)
        return Trips(seconds, sources.off_m.copy(), goals.off_m.copy())

    def _snap(self, lats: Floats, lons: Floats) -> Snapped:
        return self._snapped(np.asarray(lats, np.float64).tobytes(), np.asarray(lons, np.float64).tobytes())

    def _snap_bytes(self, lats: bytes, lons: bytes) -> Snapped:
        x, y = self.projection.forward(np.frombuffer(lats), np.frombuffer(lons))
        return self._snapper.snap(x, y, REACH_M)

    def _driven(self, sources: Snapped, goals: Snapped) -> Floats:
        """Seconds at the network's own speed, from place on the road to place on the road, (n, m)."""
        fields = [self._field(s, a) for s, a in zip(goals.street.tolist(), goals.along.tolist(), strict=True)]
        start, end = self.network.start[sources.street], self.network.end[sources.street]
        forward, backward = self._pace.forward[sources.street], self._pace.backward[sources.street]
        nodes, place = np.unique(np.concatenate([start, end]), return_inverse=True)
        onward = self._search.seconds(nodes.astype(np.int64), fields)
        n = len(start)
        by_end = _part(1 - sources.along, forward)[:, None] + onward[place[n:]]
        by_start = _part(sources.along, backward)[:, None] + onward[place[:n]]
        best = np.minimum(by_end, by_start)
        rows, columns = np.nonzero(sources.street[:, None] == goals.street[None, :])
        ahead = goals.along[columns] - sources.along[rows]
        straight = np.where(ahead >= 0, _part(ahead, forward[rows]), _part(-ahead, backward[rows]))
        best[rows, columns] = np.minimum(best[rows, columns], straight)
        return best

    def _search_from(self, street: int, along: float) -> Field:
        start, end = int(self.network.start[street]), int(self.network.end[street])
        by_start = float(_part(along, self._pace.forward[street]))
        by_end = float(_part(1 - along, self._pace.backward[street]))
        entries = {start: by_start}
        entries[end] = min(by_end, entries.get(end, np.inf))
        return self._search.field({node: seconds for node, seconds in entries.items() if np.isfinite(seconds)})


def contraction_of(network: RoadNetwork, profile: Profile) -> Contraction:
    """The contraction of this network and profile; some seconds for 100,000 nodes."""
    arcs, main = network.arcs(profile), network.main_part(profile)
    inside = main[arcs.tail] & main[arcs.head]
    kept = Arcs(arcs.tail[inside], arcs.head[inside], arcs.seconds[inside], arcs.street[inside])
    return contract(kept, network.nodes)


def _usable(network: RoadNetwork, profile: Profile) -> NDArray[np.bool_]:
    """Streets (s,) open to the profile, both of whose ends belong to the main part."""
    main, pace = network.main_part(profile), network.paces[profile]
    open_ = np.isfinite(pace.forward) | np.isfinite(pace.backward)
    usable: NDArray[np.bool_] = open_ & main[network.start] & main[network.end]
    return usable


def _part(share: Floats | float, seconds: NDArray[np.float32] | np.float32) -> Floats:
    """That share of the seconds; a closed direction takes infinitely long for any share above 0."""
    share, whole = np.asarray(share, np.float64), np.asarray(seconds, np.float64)
    return np.where(share > 0, np.where(np.isfinite(whole), share * np.where(np.isfinite(whole), whole, 0), np.inf), 0)


def _only(snapped: Snapped) -> Snapped:
    on = snapped.on
    return Snapped(snapped.street[on], snapped.along[on], snapped.off_m[on])
