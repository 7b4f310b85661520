"""The form for a new call is left by one key, wherever in it one is."""

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser import city
from tests.browser.screen import screen
from tests.service import Service

pytestmark = pytest.mark.browser


async def test_escape_closes_it_from_every_field(browser: Browser, module_service: Service) -> None:
    async with screen(browser, module_service) as shown:
        form = shown.page.get_by_test_id("new-call")

        async def opened() -> Locator:
            """With a place, which brings the radii, and a nature half typed, which brings the list."""
            await shown.page.keyboard.press("n")
            await form.get_by_label("¿Dónde?").fill(f"{city.MARISCAL.lat}, {city.MARISCAL.lon}")
            await form.get_by_label("¿Qué sucede?").fill("robo")
            await expect(form.get_by_role("option").first).to_be_visible()
            return form.locator("input, textarea, button:enabled")

        fields = await (await opened()).count()
        assert fields >= 12, "nature, its list, words, place, five radii, number, name, buttons"
        await shown.page.keyboard.press("Escape")
        for number in range(fields):
            field = (await opened()).nth(number)
            await field.focus()
            await expect(field).to_be_focused()
            await shown.page.keyboard.press("Escape")
            await expect(form).to_have_count(0)
        assert shown.errors == []


async def test_escape_closes_what_lies_over_it_first(browser: Browser, module_service: Service) -> None:
    async with screen(browser, module_service) as shown:
        form, line = shown.page.get_by_test_id("new-call"), shown.page.get_by_label("Comando")
        await shown.page.keyboard.press("n")
        await form.get_by_label("¿Dónde?").fill("Calderón")
        await shown.page.keyboard.press("Control+k")
        await expect(line).to_be_focused()
        await shown.page.keyboard.press("Escape")
        await expect(line).to_have_count(0)
        await expect(form.get_by_label("¿Dónde?")).to_have_value("Calderón")
        await shown.page.keyboard.press("Escape")
        await expect(form).to_have_count(0)
