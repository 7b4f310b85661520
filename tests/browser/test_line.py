"""The line to the service: nothing else is asked, and when it is cut the screen says so and comes back."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, WebSocket, expect

from tests.browser import city
from tests.browser.screen import live, screen
from tests.service import Service

pytestmark = pytest.mark.browser


async def test_nothing_outside_the_service_is_even_asked(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service)
    async with screen(browser, module_service) as shown:
        await shown.open_card(incident)
        await shown.page.get_by_role("button", name="Toda la ciudad").click()
        await shown.page.wait_for_load_state("networkidle")
        assert shown.strayed == []
        assert shown.errors == []


async def test_the_link_opens_once_and_leaves_no_trace_in_the_address(
    browser: Browser, module_service: Service
) -> None:
    async with screen(browser, module_service) as shown:
        assert shown.page.url == f"{module_service.url}/"
        await shown.page.reload()
        await live(shown)


async def test_without_the_link_a_key_is_asked_for(browser: Browser, module_service: Service) -> None:
    async with screen(browser, module_service, signed_in=False) as shown:
        field = shown.page.get_by_label("Clave de acceso")
        await field.fill("not the key")
        await field.press("Enter")
        await expect(shown.page.get_by_role("alert")).to_contain_text("no sirve")
        await field.fill(module_service.key)
        await field.press("Enter")
        await live(shown)
        await shown.page.get_by_role("button", name="Salir").click()
        await expect(field).to_be_visible()


async def test_killed_it_says_so_and_back_it_catches_up(browser: Browser, service: Service, database_url: str) -> None:
    incident = await city.call(service)
    async with screen(browser, service) as shown:
        await shown.open_card(incident)
        service.process.kill()
        await expect(shown.page.get_by_test_id("link")).to_contain_text("sin conexión desde")
        await expect(shown.page.get_by_test_id("cut")).to_be_visible()
        await expect(shown.row(incident)).to_be_visible()
        # Disabled, or gone with a recommendation that could not be renewed: nobody can act on what is old.
        await expect(shown.card.locator("[data-testid=assign]:not([disabled])")).to_have_count(0)
        await asyncio.to_thread(service.process.wait)

        back = replace(service, process=started_again(service, database_url))
        try:
            await back.ready()
            missed = await city.call(back, city.CALDERON, nature="structure_fire")
            await live(shown)
            await expect(shown.row(missed)).to_be_visible()
            await expect(shown.page.get_by_test_id("cut")).to_have_count(0)
        finally:
            await asyncio.to_thread(back.stop)


async def test_told_to_move_it_goes_on_from_where_it_was(browser: Browser, service: Service, database_url: str) -> None:
    known = await city.call(service)
    async with screen(browser, service) as shown:
        await expect(shown.row(known)).to_be_visible()
        asked: list[str] = []
        told: list[str] = []

        def follow(line: WebSocket) -> None:
            asked.append(urlsplit(line.url).query)
            line.on("framereceived", lambda frame: told.append(str(frame)))

        shown.page.on("websocket", follow)
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.process.wait) == 0
        back = replace(service, process=started_again(service, database_url))
        try:
            await back.ready()
            missed = await city.call(back, city.CALDERON, nature="structure_fire")
            await live(shown)
            await expect(shown.row(known)).to_be_visible()
            await expect(shown.row(missed)).to_be_visible()
            assert asked and all(query.startswith("since=") for query in asked)
            assert told and not any('"snapshot"' in frame for frame in told)
        finally:
            await asyncio.to_thread(back.stop)


async def test_a_line_that_is_only_silent_is_cut_too(browser: Browser, service: Service) -> None:
    async with screen(browser, service) as shown:
        service.process.send_signal(signal.SIGSTOP)
        try:
            await expect(shown.page.get_by_test_id("link")).to_contain_text("sin conexión")
        finally:
            service.process.send_signal(signal.SIGCONT)
        await live(shown)


def started_again(service: Service, database_url: str) -> subprocess.Popen[bytes]:
    """The very same service, where it was: port, database, key."""
    ours = {"DISPATCH_DATABASE_URL": database_url, "DISPATCH_BOOTSTRAP_KEY": service.key}
    port = str(urlsplit(service.url).port)
    command = [sys.executable, "-P", "-m", "dispatch", "run", "--no-demo", "--port", port]
    return subprocess.Popen(command, env=os.environ | ours, start_new_session=True)
