"""`dispatch run`: the service, a sign-in link, and the simulated city, all stopped together."""

import asyncio
import gc
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from math import ceil
from typing import cast

import structlog
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from uvicorn.middleware.proxy_headers import _TrustedHosts

from dispatch.api.connections import Connections, Limits, backlog, open_files
from dispatch.api.http_protocol import LimitedProtocol
from dispatch.app import create_app
from dispatch.desk import first_access
from dispatch.errors import DispatchError
from dispatch.live.hub import MOVES_PER_S
from dispatch.live.protocol import ScreenProtocol
from dispatch.model.secret import DEMO_PREFIX
from dispatch.settings import Settings
from dispatch.store.db import Pool
from dispatch.store.embedded import KEY_FILE, EmbeddedPostgresError, default_state, make_state, write_secret
from dispatch.telemetry.logs import set_up_logs

log = structlog.get_logger()
console = Console(stderr=True)

# Time for aborted requests to put back the work they had begun.
CUT_OFF_S = 2.0
# Two thousand calls a day is one in 43 s. The demo has more, so that a visitor sees something happen, and no more than
# about thirty incidents open at once with what its crews and its dispatcher do.
DEMO_CALLS_PER_S = 0.06


class Server(uvicorn.Server):
    """Shuts down in order: first out of the load balancer, then no new connections, screens moved, running requests
    finished; each within its time limit.

    Signals are handled by the event loop: uvicorn would raise them again at its end, and so end the process before the
    components are closed and PostgreSQL is stopped."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, settings: Settings) -> None:
        super().__init__(config)
        self._state, self._settings = app.state, settings
        self._hurry = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def end(self) -> None:
        """Become unready at once. A second time: stop waiting."""
        if self._state.draining:
            self._hurry.set()
        self._state.draining = self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("draining", screens=len(self._state.hub.screens), requests=len(self.server_state.tasks))
        steps = asyncio.create_task(self._leave(sockets)), asyncio.create_task(self._hurry.wait())
        await asyncio.wait(steps, return_when=asyncio.FIRST_COMPLETED)
        left = list(self.server_state.tasks)
        for task in (*steps, *left):
            task.cancel()
        if left:
            log.warning("cut_off", requests=len(left), hurried=self._hurry.is_set())
            await asyncio.wait(left, timeout=CUT_OFF_S)
        await asyncio.gather(*steps, return_exceptions=True)

    async def _leave(self, sockets: list[socket.socket] | None) -> None:
        await asyncio.sleep(self._settings.drain_s)
        for server in self.servers:
            server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.grace_s):
                hub = self._state.hub
                await hub.move_screens(per_s=max(MOVES_PER_S, 2 * len(hub.screens) / max(self._settings.grace_s, 0.1)))
        await super().shutdown(sockets)


async def serve(settings: Settings) -> int:
    """Runs until Ctrl-C or SIGTERM. Returns the exit code."""
    set_up_logs(settings.log_format)
    starting = asyncio.current_task()
    assert starting is not None
    _on_signals(starting.cancel)
    first_access.refuse_weak(settings)
    app = create_app(settings)
    # Opened here and not by uvicorn, which would end a faulty city in a traceback.
    async with app.router.lifespan_context(app):
        pool = app.state.desk.pool
        if (key := settings.bootstrap_key or _own_key(settings)) is not None:
            await first_access.put_bootstrap(pool, key, given=settings.bootstrap_key is not None)
        code = await first_access.first_link(pool, settings)
        # Objects that exist now stay: scanning them for garbage repeatedly would delay every call by some ten
        # milliseconds each time.
        gc.collect()
        gc.freeze()
        gc.enable()
        return await _serve(app, settings, code)


async def _serve(app: FastAPI, settings: Settings, code: str) -> int:
    files = open_files()
    config = uvicorn.Config(
        app,
        lifespan="off",
        host=settings.host,
        port=settings.port,
        ws=ScreenProtocol,
        ws_per_message_deflate=settings.ws_deflate,
        ws_max_size=64_000,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=ceil(settings.keep_alive_s),
        timeout_graceful_shutdown=ceil(settings.grace_s),
        backlog=backlog(files),
    )
    table = Connections(
        Limits.of(settings, files=files), is_proxy=_TrustedHosts(config.forwarded_allow_ips).__contains__
    )
    config.http = cast("type[asyncio.Protocol]", partial(LimitedProtocol, table=table))
    server = Server(config, app, settings)
    watching = asyncio.create_task(table.watch(), name="connections")
    beside = asyncio.create_task(_when_started(server, app, settings, code))

    def end() -> None:
        """Both at once: `su` gives its child two seconds. A signal during shutdown changes nothing."""
        server.end()
        beside.cancel()

    _on_signals(end)
    try:
        await server.serve()
    finally:
        watching.cancel()
        beside.cancel()
        with suppress(asyncio.CancelledError):
            await beside
    return 0 if server.started else 1


def _on_signals(act: Callable[[], object]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, act)


def _own_key(settings: Settings) -> str | None:
    """The first administrator's key: made once, stored in the state folder, readable by its owner only. None with an
    external database and no state folder: there is no place to store it, and nobody would know it."""
    if settings.database_url and settings.state is None:
        return None
    state = settings.state or default_state()
    make_state(state)
    file = state / KEY_FILE
    if not file.exists():
        write_secret(file, secrets.token_urlsafe(32))
    elif file.stat().st_mode & 0o077:
        file.chmod(0o600)
        log.warning("key_was_open_to_others", file=file.name, advice="delete it and restart; a new one is then created")
    return file.read_text().strip()


async def _when_started(server: uvicorn.Server, app: FastAPI, settings: Settings, code: str) -> None:
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.02)
    url = f"http://{_shown(settings.host)}:{settings.port}/"
    seen_by_its_user = console.is_terminal or (settings.demo and _is_loopback(settings.host))
    shown = f"{url}#code={code}" if seen_by_its_user else f"{url}\n  {_kept_link(settings, f'{url}#code={code}')}"
    console.print(f"\n  [bold]Despacho[/]  {shown}\n", highlight=False, soft_wrap=True)
    if settings.demo:
        console.print("  The city in it is simulated, its past too; --no-demo starts without it.\n", style="dim")
        await _past(app)
        await _demo(url, app.state.desk.pool, settings)


def _kept_link(settings: Settings, link: str) -> str:
    """Where to find the sign-in link: a log is read by more people than may sign in."""
    state = settings.state or default_state()
    file = state / f"sign-in-link-{settings.port}"
    try:
        make_state(state)
        write_secret(file, f"{link}\n")
    except (EmbeddedPostgresError, OSError):
        return "To sign in, make a link: dispatch sign-in-link"
    return f"A sign-in link (valid once) is in {file}; for another: dispatch sign-in-link"


async def _past(app: FastAPI) -> None:
    """A day of it before the first start. The simulated city goes on without one, too."""
    try:
        from dispatch.simulation.past.making import make_past

        await make_past(app.state.desk, app.state.position_writer)
    except Exception as error:
        # A connection that is broken off may say so by an error of its own.
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise asyncio.CancelledError from error
        log.warning("no_past_made", error=str(error))


async def _demo(url: str, pool: Pool, settings: Settings) -> None:
    """The simulated city as a child process that ends when its standard input closes, so that it never outlives this
    one."""
    name = f"{DEMO_PREFIX}{socket.gethostname()[:60]}:{settings.port}"
    key = await first_access.demo_key(pool, name)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "dispatch", "simulate"),
        "--url",
        url.rstrip("/"),
        "--rate",
        str(DEMO_CALLS_PER_S),
        "--city",
        str(settings.city),
        "--until-stdin-closes",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=None if os.environ.get("DISPATCH_DEMO_LOG") else asyncio.subprocess.DEVNULL,
        # The same search path, so that the child imports the same package from any working folder.
        env=os.environ | {"DISPATCH_KEY": key, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        code = await child.wait()
        console.print(f"  the simulated city has stopped ({code})", style="dim")
    finally:
        # It has nothing to save, and the shutdown should not wait for it.
        if child.returncode is None:
            child.kill()
            await child.wait()
        with suppress(DispatchError):
            await first_access.end_demo_key(pool, name)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
