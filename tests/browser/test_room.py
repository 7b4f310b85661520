"""The whole road, seen: a call posted, the room that shows it, the click that sends someone."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Route, expect

from tests.browser import city
from tests.browser.screen import Screen, screen
from tests.service import Service

pytestmark = pytest.mark.browser

PRIORITY_1 = "#ff5a52"
AMBULANCE = "#8fe6f5"
HOSTILE = "<img src=x onerror=\"window.hacked='yes'\"><script>window.hacked='yes'</script>"


async def until_drawn(shown: Screen, colour: str, more_than: int) -> int:
    """The map draws a frame or two after the room changes."""
    for _ in range(120):
        if (count := await shown.pixels(colour)) > more_than:
            return count
        await asyncio.sleep(0.5)
    raise AssertionError(f"never more than {more_than} pixels of {colour}")


async def test_a_call_appears_on_the_queue_and_on_the_map(browser: Browser, module_service: Service) -> None:
    async with screen(browser, module_service) as shown:
        await expect(shown.page.get_by_text("Nada espera.")).to_be_visible()
        before = await shown.pixels(PRIORITY_1)
        incident = await city.call(module_service, city.MARISCAL, text="dos motos, uno no se mueve")
        await expect(shown.row(incident)).to_contain_text("Robo o asalto en curso")
        await expect(shown.row(incident)).to_contain_text("Mariscal Sucre")
        await expect(shown.page.locator("[aria-live=assertive]")).to_contain_text("Nueva prioridad 1")
        await until_drawn(shown, PRIORITY_1, before + 100)
        card = await shown.open_card(incident)
        await expect(card).to_contain_text("dos motos, uno no se mueve")
        await expect(card.get_by_label("Cronología")).to_contain_text("Llamada por voz")
        assert shown.errors == []


async def test_a_click_assigns_and_a_second_screen_shows_it(browser: Browser, module_service: Service) -> None:
    await city.stand(module_service, "A01", city.CUMBAYA)
    incident = await city.call(module_service, city.CUMBAYA, nature="chest_pain")
    async with screen(browser, module_service) as one, screen(browser, module_service) as other:
        await other.command("ver A01")
        hollow = await until_drawn(other, AMBULANCE, 10)
        card = await one.open_card(incident)
        await expect(card.locator("[role=checkbox][aria-checked=true]")).not_to_have_count(0)
        await one.tick_only("A01")
        button = card.get_by_test_id("assign")
        await expect(button).to_have_text(re.compile("^Asignar A01 ⏎"))
        await button.click()
        await expect(one.card.get_by_label("Asignadas")).to_contain_text("A01")
        await expect(other.row(incident)).to_contain_text("A01 despachada")
        await until_drawn(other, AMBULANCE, hollow * 3 // 2)

        await one.card.locator(".crew[data-unit=A01]").get_by_role("button", name="En ruta").click()
        await expect(other.row(incident)).to_contain_text("A01 en ruta")
        await one.card.get_by_role("button", name="Liberar A01").click()
        await expect(other.row(incident)).not_to_contain_text("A01")
        assert one.errors == other.errors == []


async def test_a_lost_race_is_told_and_what_is_seen_is_fresh(browser: Browser, module_service: Service) -> None:
    wanted = await city.call(module_service, city.CALDERON, nature="chest_pain")
    elsewhere = await city.call(module_service, city.CONOCOTO, nature="structure_fire")
    async with screen(browser, module_service) as shown:

        async def overtaken(route: Route) -> None:
            await city.assign(module_service, elsewhere, "A05")
            await route.continue_()

        await shown.page.route(f"**/v1/incidents/{wanted}/assignments", overtaken)
        await shown.command(f"asignar A05 a {wanted}")
        await expect(shown.page.get_by_role("alert").filter(has_text="se adelantó")).to_be_visible()
        await expect(shown.row(elsewhere)).to_contain_text("A05 despachada")
        await expect(shown.row(wanted)).not_to_contain_text("A05")


async def test_citizens_words_are_text(browser: Browser, module_service: Service) -> None:
    caller = {"name": HOSTILE, "number": "+593991234567"}
    incident = await city.call(module_service, city.QUITUMBE, text=HOSTILE, caller=caller)
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        await expect(card).to_contain_text(HOSTILE)
        await card.get_by_label("Nota").fill(HOSTILE)
        await shown.page.keyboard.press("Enter")
        await expect(card.get_by_label("Cronología")).to_contain_text(f"Nota: {HOSTILE}")
        assert await shown.page.locator("img").count() == 0
        assert await shown.page.evaluate("window.hacked") is None


async def test_what_could_not_be_read_waits_in_quarantine(browser: Browser, module_service: Service) -> None:
    async with module_service.client() as client, screen(browser, module_service) as shown:
        answer = await client.post("/v1/calls", content=f'{{"text": "{HOSTILE}", "fixes": [')
        assert answer.status_code in {400, 422}
        tab = shown.page.get_by_role("tab", name="Cuarentena")
        await expect(tab).to_contain_text("1")
        await tab.click()
        item = shown.page.locator("[data-quarantine]")
        await expect(item).to_contain_text("<img src=x")
        assert await shown.page.evaluate("window.hacked") is None
        await item.get_by_role("button", name="Marcar como revisado").click()
        await expect(shown.page.get_by_text("Ningún reporte en cuarentena.")).to_be_visible()


async def test_by_keyboard_alone(browser: Browser, module_service: Service) -> None:
    async with screen(browser, module_service) as shown:
        keys = shown.page.keyboard
        await keys.press("n")
        form = shown.page.get_by_test_id("new-call")
        await form.get_by_label("¿Qué sucede?").fill("dolor de pecho")
        await keys.press("Enter")
        await form.get_by_label("¿Dónde?").fill(f"{city.COTOCOLLAO.lat}, {city.COTOCOLLAO.lon}")
        await keys.press("Enter")
        await expect(shown.card).to_contain_text("Dolor de pecho")
        incident = int(str(await shown.card.get_attribute("data-incident")))
        await keys.press("Escape")
        await expect(shown.card).to_have_count(0)
        while await shown.row(incident).get_attribute("aria-selected") != "true":
            await keys.press("j")
        await expect(shown.card.get_by_test_id("assign")).to_contain_text("Asignar A")
        await keys.press("Enter")
        await expect(shown.card.get_by_label("Asignadas")).to_contain_text("despachada")
        unit = await shown.card.locator(".crew").first.get_attribute("data-unit")
        await shown.command(f"{unit} en sitio")
        await expect(shown.card.locator(f".crew[data-unit={unit}]")).to_contain_text("en sitio")
        await shown.command(f"cerrar {incident} atendido en sitio")
        await expect(shown.row(incident)).to_have_count(0)
        assert shown.errors == []


async def test_the_language_changes_and_is_remembered(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.TUMBACO)
    async with screen(browser, module_service) as shown:
        await expect(shown.row(incident)).to_contain_text("Robo o asalto en curso")
        await shown.page.get_by_role("button", name="EN", exact=True).click()
        await expect(shown.row(incident)).to_contain_text("Robbery in progress")
        await expect(shown.page.locator("html")).to_have_attribute("lang", "en")
        await shown.page.reload()
        await expect(shown.row(incident)).to_contain_text("Robbery in progress")


async def test_a_call_from_nowhere_and_one_from_outside_say_so(browser: Browser, module_service: Service) -> None:
    nowhere = await city.call(module_service, fixes=[], nature="noise")
    outside = await city.call(module_service, city.Corner("none", -0.95, -78.60), nature="structure_fire")
    async with screen(browser, module_service) as shown:
        await expect(shown.row(nowhere)).to_contain_text("Sin ubicación")
        await expect(shown.row(outside)).to_contain_text("Fuera del distrito")
        card = await shown.open_card(nowhere)
        await expect(card).to_contain_text("pregunte el lugar")


async def test_a_narrow_screen_shows_one_pane_at_a_time(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.Corner("La Merced", -0.2890, -78.4000), nature="illness")
    async with screen(browser, module_service) as shown:
        await shown.page.set_viewport_size({"width": 390, "height": 844})
        panes = shown.page.get_by_role("navigation", name="Paneles")
        await expect(panes.get_by_role("button", name=re.compile("^Cola"))).to_have_attribute("aria-current", "true")
        await shown.row(incident).click()
        await expect(shown.card).to_be_visible()
        await expect(shown.row(incident)).not_to_be_visible()
        await panes.get_by_role("button", name="Mapa").click()
        await expect(shown.card).not_to_be_visible()
        await expect(shown.page.get_by_role("button", name="Toda la ciudad")).to_be_visible()
        await expect(shown.page.get_by_role("button", name="Salir")).to_be_in_viewport(ratio=1)
        assert await shown.page.evaluate("document.documentElement.scrollWidth") == 390
