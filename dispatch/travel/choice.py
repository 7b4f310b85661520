"""Chooses the source of travel times: the routing server if it answers in time, else the roads, else the straight line.

Only requests for a recommendation wait for a server; a call being taken never does."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import structlog

from dispatch.travel.server import Because, NoAnswer, RoutingServer
from geo import Point, Roads, TravelTime
from geo.travel_time import Floats

log = structlog.get_logger()

TravelSource = Literal["line", "roads", "server"]

AFTER_A_FAILURE_S = 30.0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What was preferred, and why it isn't used."""

    wanted: TravelSource
    because: Because


@dataclass(frozen=True, slots=True)
class Travelled:
    travel: TravelTime
    source: TravelSource
    fallback: Fallback | None = None


class ServedTimes:
    """The TravelTime of one answer. Units that were not asked about (because they moved meanwhile) get the local time.

    `seconds_at_reference` (n, m) are the server's; `reference_kmh` is the mean speed of its cars in the city."""

    def __init__(
        self,
        lats: Floats,
        lons: Floats,
        targets: Sequence[Point],
        seconds_at_reference: Floats,
        *,
        reference_kmh: float,
        local: TravelTime,
    ) -> None:
        self._row = {place: i for i, place in enumerate(zip(lats.tolist(), lons.tolist(), strict=True))}
        self._column = {point: j for j, point in enumerate(targets)}
        self._served = seconds_at_reference * reference_kmh
        self._local = local

    def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point], *, speed_kmh: float | Floats) -> Floats:
        lats, lons = np.asarray(lats, np.float64), np.asarray(lons, np.float64)
        rows = [self._row.get(place, -1) for place in zip(lats.tolist(), lons.tolist(), strict=True)]
        columns = [self._column.get(point, -1) for point in targets]
        asked = np.ix_([row >= 0 for row in rows], [column >= 0 for column in columns])
        if asked[0].size == len(rows) and asked[1].size == len(columns):
            return self._served[np.ix_(rows, columns)] / np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1))
        seconds = self._local.seconds(lats, lons, targets, speed_kmh=speed_kmh).copy()
        speed = np.broadcast_to(np.reshape(np.asarray(speed_kmh, np.float64), (-1, 1)), (len(rows), 1))
        known = np.ix_([row for row in rows if row >= 0], [column for column in columns if column >= 0])
        seconds[asked] = self._served[known] / speed[asked[0].ravel()]
        return seconds


class Router:
    """`local` answers at once; `server`, if there is one, is asked first. After a failure it isn't asked for half a
    minute, so that a server that hangs costs one request its timeout, not each.

    `clock` returns monotonic seconds."""

    def __init__(
        self,
        local: TravelTime,
        server: RoutingServer | None = None,
        *,
        server_kmh: float = 35.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._local, self._server, self._server_kmh, self._clock = local, server, server_kmh, clock
        self._failed: Because | None = None
        self._again_at = 0.0

    async def close(self) -> None:
        if self._server:
            await self._server.close()

    @property
    def has_streets(self) -> bool:
        """Whether this process has a street network."""
        return isinstance(self._local, Roads)

    def local_for(self, targets: Sequence[Point]) -> Travelled:
        """Without a server, at once. The roads are used if any of the targets is near one."""
        if not isinstance(self._local, Roads):
            return Travelled(self._local, "line")
        off_m = self._local.off_road_m(np.array([t.lat for t in targets]), np.array([t.lon for t in targets]))
        if len(targets) and not np.isfinite(off_m).any():
            return Travelled(self._local, "line", Fallback("roads", Because.OFF_THE_NETWORK))
        return Travelled(self._local, "roads")

    async def travel_for(self, lats: Floats, lons: Floats, targets: Sequence[Point]) -> Travelled:
        """Times from these sources (n,) to these targets (m): fetched once, then `travel` returns them."""
        if self._server is None or not len(lats) or not targets:
            return self.local_for(targets)
        if self._failed and self._clock() < self._again_at:
            return self._instead(targets, self._failed)
        if self._failed:
            self._again_at = self._clock() + AFTER_A_FAILURE_S  # one request tries it; others don't wait
        try:
            seconds = await self._server.seconds(lats, lons, targets)
        except NoAnswer as error:
            if not self._failed:
                log.warning("routing_server_failed", because=str(error))
            self._failed, self._again_at = error.because, self._clock() + AFTER_A_FAILURE_S
            return self._instead(targets, error.because)
        if self._failed:
            log.info("routing_server_is_back")
            self._failed = None
        served = ServedTimes(lats, lons, targets, seconds, reference_kmh=self._server_kmh, local=self._local)
        return Travelled(served, "server")

    def _instead(self, targets: Sequence[Point], because: Because) -> Travelled:
        local = self.local_for(targets)
        return Travelled(local.travel, local.source, Fallback("server", because))
