"""The real service for tests: `python -m dispatch run` in a process of its own, on a free loopback port."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import httpx
from websockets.asyncio.client import connect

from dispatch.store.embedded.client import APPLICATION, OWNER

KEY = "test-key-of-the-first-administrator"
CODE = "test-sign-in-code"
# Patience with a machine that has other things to do.
START_S = 120
STOP_S = 60
ANSWER_S = 60


@dataclass(frozen=True, slots=True)
class Service:
    """`url` has no slash at its end; `key` is an administrator's."""

    url: str
    key: str
    process: subprocess.Popen[bytes]

    @classmethod
    @asynccontextmanager
    async def started(cls, database_url: str | None, *options: str, **settings: str) -> AsyncIterator[Self]:
        """Until the block ends. `database_url` None: its own embedded PostgreSQL (give `--state`); `settings` become
        DISPATCH_* variables. Raises `RuntimeError` when it doesn't become ready."""
        async with cls.prepared(database_url, options, settings) as service:
            yield service

    @classmethod
    @asynccontextmanager
    async def prepared(
        cls,
        database_url: str | None,
        options: Sequence[str],
        settings: Mapping[str, str],
        prepare: Callable[[], None] | None = None,
    ) -> AsyncIterator[Self]:
        """As `started`; `prepare` is called in the new process before it is the service."""
        port = free_port()
        command = [sys.executable, "-P", "-m", "dispatch", "run", "--no-demo", "--port", str(port), *options]
        process = await asyncio.to_thread(
            subprocess.Popen,
            command,
            env=_environment(database_url, settings),
            start_new_session=True,
            preexec_fn=prepare,
        )
        service = cls(f"http://127.0.0.1:{port}", KEY, process)
        try:
            await service.ready()
            yield service
        finally:
            await asyncio.to_thread(service.stop)

    async def ready(self) -> None:
        async with self.client() as client, asyncio.timeout(START_S):
            while self.process.poll() is None:
                try:
                    if (await client.get("/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)
        raise RuntimeError(f"the service ended with {self.process.returncode} before it was ready")

    def client(self, key: str | None = KEY) -> httpx.AsyncClient:
        """A client with an administrator's key, or another, or (None) without any."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=ANSWER_S)

    async def code(self) -> str:
        """Of a new sign-in link: it opens the console once. (`CODE` is that of the service's start.)"""
        async with self.client() as client:
            answer = await client.post("/v1/session/links")
        return str(answer.raise_for_status().json()["code"])

    def screen(self, *, since: int | None = None, key: str | None = KEY) -> connect:
        """`async with service.screen() as socket`: a WebSocket to /v1/live."""
        query = "" if since is None else f"?since={since}"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return connect(f"{self.url.replace('http', 'ws', 1)}/v1/live{query}", additional_headers=headers, proxy=None)

    def stop(self) -> int:
        """Ask it to end as Ctrl-C does; returns its exit code. Raises `TimeoutExpired` when it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _environment(database_url: str | None, settings: Mapping[str, str]) -> dict[str, str]:
    given = {f"DISPATCH_{name.upper()}": value for name, value in settings.items()}
    ours = {"DISPATCH_BOOTSTRAP_KEY": KEY, "DISPATCH_SIGN_IN_CODE": CODE}
    if database_url:
        # As in earnest: the service by a role that may do little, its migrations by the one that owns the tables.
        ours["DISPATCH_DATABASE_URL"] = database_url.replace(f"//{OWNER}@", f"//{APPLICATION}@")
        ours["DISPATCH_DATABASE_OWNER_URL"] = database_url
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DISPATCH_")}
    return inherited | ours | given
