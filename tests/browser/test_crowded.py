"""The worst of days: 300 open incidents and a nation's fleet on the move, and one can still work."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser import crowded
from tests.browser.screen import screen
from tests.service import Service

pytestmark = pytest.mark.browser

UNITS = 20_000
INCIDENTS = 300


async def test_with_20_000_units_and_300_incidents_the_queue_is_walked_and_the_map_is_read(
    browser: Browser, module_service: Service
) -> None:
    ids = await crowded.fleet(module_service, UNITS)
    made = await crowded.incidents(module_service, INCIDENTS)
    assert await crowded.move(module_service, ids, turn=0.0) == UNITS
    async with screen(browser, module_service) as shown:
        await expect(shown.page.locator(".row")).to_have_count(len(set(made)))
        drawn = shown.page.get_by_test_id("map")
        await expect(drawn).to_have_attribute("data-crowded", "true")
        await expect(shown.page.get_by_role("group", name="Leyenda")).to_be_visible()
        assert await crowded.move(module_service, ids, turn=0.001) == UNITS
        for _ in range(3):
            await shown.page.keyboard.press("j")
        chosen = shown.page.locator(".row[aria-selected=true]")
        await expect(chosen).to_have_count(1)
        await expect(shown.card).to_have_attribute("data-incident", str(await chosen.get_attribute("data-incident")))
        await shown.page.keyboard.press("u")
        await shown.page.get_by_placeholder("Buscar por nombre, tipo o estado").fill(ids[-1])
        unit = shown.page.locator(f"li[data-unit={ids[-1]}]")
        await unit.get_by_role("button", name=ids[-1]).click()
        await expect(shown.page.get_by_test_id("unit-detail")).to_contain_text("2 posiciones")
        # Close up they are told apart again.
        for _ in range(2):
            await shown.page.get_by_role("button", name="Acercar").click()
        await expect(drawn).to_have_attribute("data-crowded", "false")
        assert shown.errors == []
