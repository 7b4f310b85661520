"""Travel times from a routing server: Valhalla's matrix or OSRM's table. Every answer is validated strictly.

Valhalla: POST /sources_to_targets; OSRM: GET /table/v1/driving (their API references)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

import httpx
import msgspec
import numpy as np

from geo import Point
from geo.travel_time import Floats

MOST_PLACES = 100  # sources and targets of one request: OSRM's default limit
MOST_BYTES = 2_000_000
AT_ONCE = 4


class Because(StrEnum):
    """Why the server's times are not used."""

    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    BAD_ANSWER = "bad_answer"
    OFF_THE_NETWORK = "off_the_network"


class NoAnswer(Exception):
    def __init__(self, because: Because, detail: str) -> None:
        super().__init__(f"{because}: {detail}")
        self.because = because


class Kind(StrEnum):
    VALHALLA = "valhalla"
    OSRM = "osrm"


class _Cell(msgspec.Struct):
    from_index: int
    to_index: int
    time: float | None = None


class _Valhalla(msgspec.Struct):
    sources_to_targets: list[list[_Cell]]


class _Osrm(msgspec.Struct):
    code: str
    durations: list[list[float | None]]


@dataclass(frozen=True, slots=True)
class _Places:
    sources: list[tuple[float, float]]
    targets: Sequence[Point]


class RoutingServer:
    """`url` is the base URL, without the path."""

    def __init__(self, url: str, kind: Kind, *, timeout_s: float) -> None:
        self.kind, self.timeout_s = kind, timeout_s
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout_s, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def seconds(self, lats: Floats, lons: Floats, targets: Sequence[Point]) -> Floats:
        """From n sources to m targets at the server's speed → (n, m); inf if it knows no route.

        All requests together take at most `timeout_s`. Raises NoAnswer."""
        step = max(1, MOST_PLACES - len(targets))
        places = list(zip(lats.tolist(), lons.tolist(), strict=True))
        parts = [_Places(places[i : i + step], targets) for i in range(0, len(places), step)]
        if not parts or not targets:
            return np.empty((len(places), len(targets)))
        try:
            async with asyncio.timeout(self.timeout_s):
                return np.concatenate(await self._all(parts))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NoAnswer(Because.TIMEOUT, f"no answer within {self.timeout_s:g} s") from error
        except (httpx.RemoteProtocolError, httpx.DecodingError, msgspec.MsgspecError) as error:
            raise NoAnswer(Because.BAD_ANSWER, str(error)) from error
        except (httpx.HTTPError, OSError) as error:
            raise NoAnswer(Because.UNREACHABLE, str(error) or type(error).__name__) from error

    async def _all(self, parts: list[_Places]) -> list[Floats]:
        """The first failure cancels the others."""
        some = asyncio.Semaphore(AT_ONCE)

        async def one(places: _Places) -> Floats:
            async with some:
                return await self._table(places)

        tasks = [asyncio.create_task(one(part)) for part in parts]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _table(self, places: _Places) -> Floats:
        ask, read = (_ask_valhalla, _read_valhalla) if self.kind is Kind.VALHALLA else (_ask_osrm, _read_osrm)
        rows = read(await self._body(ask(self._client, places)))
        n, m = len(places.sources), len(places.targets)
        if len(rows) != n or any(len(row) != m for row in rows):
            raise NoAnswer(Because.BAD_ANSWER, f"the table is not {n} × {m}")
        if any(value is not None and not (isfinite(value) and value >= 0) for row in rows for value in row):
            raise NoAnswer(Because.BAD_ANSWER, "a time is negative")
        return np.array([[inf if value is None else value for value in row] for row in rows], np.float64)

    async def _body(self, request: httpx.Request) -> bytes:
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != httpx.codes.OK:
                raise NoAnswer(Because.BAD_ANSWER, f"HTTP {answer.status_code}")
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise NoAnswer(Because.BAD_ANSWER, f"more than {MOST_BYTES:,} bytes")
            return bytes(body)
        finally:
            await answer.aclose()


Rows = list[list[float | None]]


def _ask_valhalla(client: httpx.AsyncClient, places: _Places) -> httpx.Request:
    question = {
        "sources": [{"lat": lat, "lon": lon} for lat, lon in places.sources],
        "targets": [{"lat": point.lat, "lon": point.lon} for point in places.targets],
        "costing": "auto",
    }
    return client.build_request("POST", "sources_to_targets", json=question)


def _read_valhalla(body: bytes) -> Rows:
    table = msgspec.json.decode(body, type=_Valhalla).sources_to_targets
    if any((cell.from_index, cell.to_index) != (i, j) for i, row in enumerate(table) for j, cell in enumerate(row)):
        raise NoAnswer(Because.BAD_ANSWER, "the answer is not a valid table")
    return [[cell.time for cell in row] for row in table]


def _ask_osrm(client: httpx.AsyncClient, places: _Places) -> httpx.Request:
    everywhere = [*places.sources, *((point.lat, point.lon) for point in places.targets)]
    n = len(places.sources)
    return client.build_request(
        "GET",
        "table/v1/driving/" + ";".join(f"{lon:.7f},{lat:.7f}" for lat, lon in everywhere),
        params={
            "sources": ";".join(str(i) for i in range(n)),
            "destinations": ";".join(str(i) for i in range(n, len(everywhere))),
            "annotations": "duration",
        },
    )


def _read_osrm(body: bytes) -> Rows:
    answer = msgspec.json.decode(body, type=_Osrm)
    if answer.code != "Ok":
        raise NoAnswer(Because.BAD_ANSWER, f"code {answer.code!r}")
    return answer.durations
