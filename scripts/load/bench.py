"""The service under test: started for each run, or a running one; and the capacity ramp."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch.model.city import City
from dispatch.store.embedded import EmbeddedPostgres
from scripts.load import peers
from scripts.load.figures import Done
from scripts.load.meter import Meter
from scripts.load.outcome import Outcome, milliseconds
from scripts.load.profiles import Profile, steady
from scripts.load.report import Table
from scripts.load.run import Refused, run
from scripts.own_service import own_service

RAMP = (50.0, 100.0, 200.0, 300.0, 450.0, 650.0, 900.0, 1_300.0, 1_800.0, 2_500.0)
RAMP_S, GOOD_SHARE, GOOD_P99_MS = 8.0, 0.999, 1_000.0


@dataclass(frozen=True, slots=True)
class Target:
    """`meter` only if the service was started here."""

    url: str
    key: str
    meter: Meter | None


@dataclass(frozen=True, slots=True)
class Bench:
    """`city_folder` is where `city` was read from."""

    city: City
    city_folder: Path
    seed: int = 1
    url: str | None = None
    key: str | None = None

    @asynccontextmanager
    async def service(self, *, deflate: bool = False) -> AsyncIterator[Target]:
        """Raises Refused."""
        if self.url is not None:
            yield Target(self.url, self.key or "", None)
            return
        try:
            async with own_service("--city", str(self.city_folder), ws_deflate=str(deflate)) as service:
                yield Target(service.url, service.key, Meter(service.pid, service.state))
        except RuntimeError as error:
            raise Refused(str(error)) from error

    async def one(self, profile: Profile, *, deflate: bool = False) -> Done:
        """Raises Refused."""
        async with self.service(deflate=deflate) as target:
            return await self._run(profile, target, deflate=deflate)

    async def ramp(self, *, seconds: float = RAMP_S) -> list[Done]:
        """Increase the rate in steps until not all calls are acknowledged in time. Raises Refused."""
        steps: list[Done] = []
        async with self.service() as target:
            for rate in RAMP:
                profile = Profile("capacity", f"{rate:g} calls/s", steady(rate), seconds, screens=10)
                steps.append(await self._run(profile, target))
                if not is_good(steps[-1].outcome):
                    break
        return steps

    async def peers(self) -> list[tuple[str, float]]:
        """On the PostgreSQL of a service started here, which is idle meanwhile. Raises Refused."""
        own = Bench(self.city, self.city_folder)
        async with own.service() as target:
            assert target.meter is not None
            server = await asyncio.to_thread(EmbeddedPostgres(target.meter.state / "state").beside)
            return await peers.measure(server.dsn)

    async def _run(self, profile: Profile, target: Target, *, deflate: bool = False) -> Done:
        async def running() -> Outcome:
            return await run(self.city, profile, url=target.url, key=target.key, seed=self.seed, deflate=deflate)

        if target.meter is None:
            return Done(profile, await running(), None)
        async with target.meter.watching():
            return Done(profile, await running(), target.meter)


def is_good(outcome: Outcome) -> bool:
    """All but one in a thousand acknowledged, and 99 of 100 within a second of their due time."""
    found = milliseconds(outcome.acknowledged)
    enough = outcome.acknowledged.get_total_count() >= outcome.sent * GOOD_SHARE
    return enough and found.get(99.0, 0.0) <= GOOD_P99_MS


def ramp_table(steps: list[Done]) -> Table:
    return (
        ("calls/s", "acknowledged/s", "p50 ms", "p99 ms", "answers", "sustained"),
        [
            (
                f"{done.profile.rate(0):g}",
                f"{done.outcome.rate:.0f}",
                *(f"{milliseconds(done.outcome.acknowledged).get(p, 0):.1f}" for p in (50.0, 99.0)),
                " ".join(f"{n}x{status}" for status, n in sorted(done.outcome.statuses.items())),
                "yes" if is_good(done.outcome) else "no",
            )
            for done in steps
        ],
    )
