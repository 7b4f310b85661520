"""What the tests share: one real PostgreSQL a session, a fresh database each, the real service, a real browser."""

import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from playwright.async_api import Browser, async_playwright

from dispatch.store.db import Connection, Pool, open_pool
from dispatch.store.embedded import EmbeddedPostgres
from dispatch.store.migrate import migrate
from scripts.open_files import allow_open_files
from tests.service import Service

TEMPLATE = "migrated"
# Tests that kill and wait, and those that look at a browser.
LONGEST = ("tests/faults/", "dispatch/nodes/", "dispatch/operations/", "tests/browser/")
# What Chromium does beside the page: its address line is a page too, of which each window loads one that nobody sees.
# The last such list wins: the others of these are Playwright's own.
LEFT_OUT = (
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled,LensOverlay,MediaRouter,OptimizationHints,PreconnectToSearch,"
    "NetworkTimeServiceQuerying,HttpsUpgrades,PaintHolding,DestroyProfileOnBrowserClose"
)
_numbers = count(1)


# How long an example takes says something of the machine, nothing of what is tested.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


def pytest_configure() -> None:
    """Ended from outside, it still takes its servers with it. The usual soft limit of 1,024 open files is too low for
    tests with hundreds of screens."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    allow_open_files()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker has it left when the others are done; the rest stays in order."""
    items.sort(key=lambda item: next((n for n, part in enumerate(LONGEST) if part in str(item.path)), len(LONGEST)))


@pytest.fixture(scope="session")
def public_folder() -> Iterator[Path]:
    """A folder that every OS user may pass through, as the one that root's PostgreSQL runs as must."""
    folder = Path(tempfile.mkdtemp(prefix="dispatch-tests-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(public_folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(public_folder / "postgres").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """Name of a migrated, empty database that others are copied from."""
    async with _maintenance(postgres) as db:
        await db.execute(f"create database {TEMPLATE}")
    db = await asyncpg.connect(_url(postgres, TEMPLATE))
    try:
        await migrate(db)
    finally:
        await db.close()
    return TEMPLATE


async def fresh_database(postgres: EmbeddedPostgres, template: str) -> str:
    """URL of a copy of the template; it goes with the server, for dropping one costs a checkpoint."""
    name = f"test_{next(_numbers)}"
    async with _maintenance(postgres) as db:
        await db.execute(f"create database {name} template {template}")
    return _url(postgres, name)


@pytest.fixture
async def database_url(postgres: EmbeddedPostgres, template: str) -> str:
    """URL of a migrated database of this test's own."""
    return await fresh_database(postgres, template)


@pytest.fixture(scope="module")
async def module_database_url(postgres: EmbeddedPostgres, template: str) -> str:
    """URL of a migrated database that the tests of one module share."""
    return await fresh_database(postgres, template)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """Connections to this test's own database."""
    pool = await open_pool(database_url, size=5)
    yield pool
    await pool.close()


@pytest.fixture
async def service(database_url: str) -> AsyncIterator[Service]:
    """The real service, in a process of its own, with an empty room."""
    async with Service.started(database_url) as service:
        yield service


@pytest.fixture(scope="module")
async def module_service(module_database_url: str) -> AsyncIterator[Service]:
    """The real service, shared by the tests of one module."""
    async with Service.started(module_database_url) as service:
        yield service


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that draws WebGL in software; the test fails when there is none."""
    if os.environ.get("DISPATCH_SKIP_BROWSER"):
        pytest.skip("DISPATCH_SKIP_BROWSER is set")
    async with async_playwright() as playwright:
        found = os.environ.get("DISPATCH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
        chromium = await playwright.chromium.launch(
            executable_path=found,
            chromium_sandbox=False,
            args=[
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--disable-gpu-compositing",  # the page around the map: cheaper without a make-believe GPU
                f"--disable-features={LEFT_OUT}",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield chromium
        await chromium.close()


@asynccontextmanager
async def _maintenance(postgres: EmbeddedPostgres) -> AsyncIterator[Connection]:
    db = await asyncpg.connect(postgres.dsn)
    try:
        yield db
    finally:
        await db.close()


def _url(postgres: EmbeddedPostgres, database: str) -> str:
    return postgres.dsn.replace("/dispatch?", f"/{database}?")
