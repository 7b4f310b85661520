"""Composition root: creates and connects all components, in the order in which a call passes through them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from fastapi import Depends, FastAPI

from dispatch.api import city as city_routes
from dispatch.api import (
    coverage,
    devices,
    exchange,
    fleet,
    formats,
    incidents,
    intervals,
    keys,
    live,
    operations,
    positions,
    quarantine,
    related,
    reports,
    session,
    units,
)
from dispatch.api.console import Protected, mount_console
from dispatch.api.contract import routes as contract
from dispatch.api.contract.document import publish
from dispatch.api.fast_path import FastPath
from dispatch.api.health import Probe
from dispatch.api.identities import Identities
from dispatch.api.interval_metrics import Measuring
from dispatch.api.own_cookie import OwnCookie
from dispatch.api.problems import RESPONSES, render_errors
from dispatch.api.query_parameters import refuse_unknown_parameters
from dispatch.api.trace_ids import Traced
from dispatch.city import load_city
from dispatch.desk.calls.batch_queue import BatchQueue
from dispatch.desk.calls.quarantine import Purge
from dispatch.desk.desk import Desk
from dispatch.desk.units.fleet import add_units
from dispatch.desk.units.positions import PositionWriter
from dispatch.desk.units.remote_positions import RemotePositions
from dispatch.desk.watch.timers import Timers
from dispatch.errors import Conflict
from dispatch.live.hub import Hub
from dispatch.model import Unit, UnitId, UnitStatus
from dispatch.model.city import City
from dispatch.picture.feed import Feed
from dispatch.picture.picture import Picture
from dispatch.policy.units.position_doubt import Believable, believable_in
from dispatch.settings import Settings
from dispatch.store.announcements import Announcements
from dispatch.store.database import Database, prepare
from dispatch.store.db import Connection, Pool, connection, open_pool
from dispatch.store.embedded import EmbeddedPostgres, default_state
from dispatch.store.rights import excess
from dispatch.store.servers import Servers
from dispatch.store.snapshot import snapshot
from dispatch.store.units.positions import latest
from dispatch.store.units.units import ever
from dispatch.telemetry.tracing import tracing
from dispatch.travel.local import local_travel, router_for, straight_travel
from geo import CellTable

log = structlog.get_logger()

POOL_CLOSES_S = 5.0
DEMO_PAST = timedelta(days=1)

ROUTERS = (
    reports,
    formats,
    incidents,
    coverage,
    devices,
    positions,
    units,
    fleet,
    quarantine,
    related,
    exchange,
    intervals,
    city_routes,
    session,
    keys,
    live,
    operations,
    contract,
)


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as open_rooms:
            await _open(app, settings, open_rooms)
            yield

    # The document is published by `contract`.
    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    render_errors(app)
    for room in ROUTERS:
        app.include_router(room.router, responses=RESPONSES, dependencies=[Depends(refuse_unknown_parameters)])
    publish(app, [route for room in ROUTERS for route in room.router.routes])
    app.state.draining = False
    mount_console(app, settings)
    app.add_middleware(FastPath, path=reports.CALLS, endpoint=reports.post_call)
    app.add_middleware(OwnCookie)
    app.add_middleware(Protected, tiles=settings.tile_style_url)
    app.add_middleware(operations.Timed)
    app.add_middleware(Traced)
    return app


async def _open(app: FastAPI, settings: Settings, rooms: AsyncExitStack) -> None:
    await rooms.enter_async_context(tracing(settings.otlp_endpoint))
    city, database = await _city_and_database(settings, rooms)
    router = router_for(settings, local_travel(settings, city))
    rooms.push_async_callback(router.close)
    servers = Servers(database.url)
    pool = await open_pool(servers, size=settings.pool_size, command_s=settings.database_timeout_s)
    rooms.push_async_callback(_close, pool)
    async with connection(pool) as db:
        await _warn_of_excess(db)
        where = await latest(db)

    picture = Picture(await snapshot(pool), city, where, believable=_believable(city, settings))
    hub = Hub(picture, queue=settings.screen_queue)
    feed = Feed(pool, seq=picture.room.seq, listeners=[picture.follow, hub.follow])
    desk = Desk(
        pool=pool,
        city=city,
        picture=picture,
        feed=feed,
        travel=straight_travel(settings, city),
        router=router,
        cells=_cells(settings),
        queue=BatchQueue(most=settings.call_queue, most_wait_s=settings.call_wait_s),
        settings=settings,
    )
    timers = Timers(desk)
    feed.listeners += [timers.follow, Measuring(picture.room).follow]
    writer = PositionWriter(pool, retention_days=settings.position_retention_days)
    probe = Probe(pool)
    rooms.push_async_callback(probe.stop)
    elsewhere = RemotePositions(desk, node=writer.node)
    identities = Identities(pool)
    announcements = Announcements(servers, pool, [feed.following, elsewhere.following, identities.following])
    purge = Purge(pool, days=settings.quarantine_days)
    for room in (feed, elsewhere, identities, announcements, writer, hub, timers, purge):
        room.start()
        rooms.push_async_callback(room.stop)
    await _seed_fleet(desk)
    desk.coverage.lost()  # its demand map is computed before a caller waits for it

    app.state.desk, app.state.hub, app.state.position_writer = desk, hub, writer
    app.state.identities, app.state.probe = identities, probe
    app.state.parishes_json = city_routes.parishes_json(city)
    log.info("open", city=city.name, parishes=len(city.parishes), units=len(picture.room.units), seq=feed.seq)


async def _city_and_database(settings: Settings, rooms: AsyncExitStack) -> tuple[City, Database]:
    """Both at once: the embedded PostgreSQL starts on another core while the city is read on this one."""
    starting = asyncio.create_task(_prepared(settings, rooms), name="database")
    try:
        city = await asyncio.to_thread(load_city, settings.city)
    finally:
        # Also if the city can't be read: what was started is then stopped by the exit stack.
        database = await starting
    return city, database


async def _prepared(settings: Settings, rooms: AsyncExitStack) -> Database:
    database = await database_of(settings, rooms)
    for name in await prepare(database):
        log.info("migration_applied", name=name)
    return database


async def _warn_of_excess(db: Connection) -> None:
    """An attacker who can run SQL through the service could then change the journal."""
    if found := await excess(db):
        log.warning(
            "database_role_may_too_much",
            because=found,
            advice="see 'Two roles' in docs/operations.md: DISPATCH_DATABASE_URL and DISPATCH_DATABASE_OWNER_URL",
        )


async def _close(pool: Pool) -> None:
    """A database that hangs must not prevent the shutdown."""
    try:
        async with asyncio.timeout(POOL_CLOSES_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def database_of(settings: Settings, rooms: AsyncExitStack) -> Database:
    """The database of the settings, or an embedded PostgreSQL that runs until the exit stack closes."""
    if settings.database_url:
        return Database(settings.database_url, settings.database_owner_url)
    server = await rooms.enter_async_context(EmbeddedPostgres(settings.state or default_state()).running())
    return Database(server.application_dsn, server.dsn)


def _believable(city: City, settings: Settings) -> Believable:
    return believable_in(
        city.parishes.bounds,
        margin_m=settings.position_margin_km * 1000,
        worst_accuracy_m=settings.position_worst_accuracy_m,
        fastest_mps=settings.position_fastest_kmh / 3.6,
        flying_mps=settings.position_flying_kmh / 3.6,
    )


def _cells(settings: Settings) -> CellTable | None:
    """Bad rows are left out, and told in the log. Raises CellTableError for a table of which nothing can be used."""
    if settings.cells is None:
        return None
    with settings.cells.open(encoding="utf-8-sig") as lines:
        table = CellTable.from_csv(lines)
    if table.problems:
        log.warning("cells_left_out", problems=table.problems, cells=len(table))
    return table


async def _seed_fleet(desk: Desk) -> None:
    """The city's fleet, where there never was one. With the demo as of a day ago, for it is given a past."""
    async with connection(desk.pool) as db:
        if await ever(db):
            return
    at = datetime.now(UTC) - (DEMO_PAST if desk.settings.demo else timedelta(0))
    with suppress(Conflict):  # another node was first
        await add_units(replace(desk, now=lambda: at), new=_fleet(desk.city, at), actor="seed")


def _fleet(city: City, since: datetime) -> list[Unit]:
    return [
        Unit(
            UnitId(u.id),
            u.agency,
            u.kind,
            u.capabilities,
            u.station,
            UnitStatus.AVAILABLE,
            since,
            crew=u.crew,
            shift=u.shift,
        )
        for u in city.fleet
    ]
