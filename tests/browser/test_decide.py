"""Deciding on the card: taking a unit from a lesser emergency, joining what is one, undoing it, raising the alarm."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser import city
from tests.browser.screen import screen
from tests.service import Service

pytestmark = pytest.mark.browser


async def alike(service: Service, corner: city.Corner) -> tuple[int, int]:
    """Two incidents that may be one: the second caller's phone knows only roughly where it is."""
    first = await city.call(service, corner, text="dos motos, uno no se mueve")
    near = {"lat": corner.lat - 0.0035, "lon": corner.lon - 0.002}
    fix = {"source": "cell", **near, "radius_m": 300.0, "confidence": 0.95}
    second = await city.call(service, fixes=[fix], text="hay un asalto")
    assert first != second
    return first, second


async def test_a_unit_is_taken_from_a_lesser_emergency_only_when_that_is_confirmed(
    browser: Browser, module_service: Service
) -> None:
    await city.stand(module_service, "A04", city.CALDERON)
    lesser = await city.call(module_service, city.CALDERON, nature="fall")
    await city.assign(module_service, lesser, "A04")
    urgent = await city.call(module_service, city.CALDERON, nature="chest_pain")
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(urgent)
        taken = card.locator(".elsewhere[data-unit=A04]")
        await expect(taken).to_contain_text(f"en camino a {lesser}, prioridad 3")
        await expect(taken).to_have_attribute("aria-checked", "false")
        await shown.tick_only("A04")
        await expect(card.get_by_test_id("assign")).to_have_text(re.compile(f"^Quitar A04 de {lesser}…"))

        await card.get_by_test_id("assign").click()
        confirm = card.get_by_test_id("confirm")
        await expect(confirm).to_contain_text(f"A04 deja {lesser} (Caída, prioridad 3).")
        await expect(confirm).to_contain_text(f"{lesser} se queda sin unidades y vuelve a esperar.")
        await expect(shown.row(lesser)).to_contain_text("A04 despachada")
        # A second Enter in haste is not a confirmation, and Escape is the way back.
        await shown.page.keyboard.press("Enter")
        await expect(confirm).to_be_visible()
        await shown.page.keyboard.press("Escape")
        await expect(confirm).to_have_count(0)

        await card.get_by_test_id("assign").click()
        await card.get_by_test_id("confirm-do").click()
        await expect(card.get_by_label("Asignadas")).to_contain_text("A04")
        await expect(shown.row(lesser)).not_to_contain_text("A04")
        await expect(card.get_by_label("Cronología")).to_contain_text("Asignadas: A04")
        await shown.open_card(lesser)
        await expect(shown.card.get_by_label("Cronología")).to_contain_text(f"A04 quitada para {urgent}")
        assert shown.errors == []


async def test_who_is_there_is_not_taken_away_and_that_is_said_first(browser: Browser, module_service: Service) -> None:
    held = await city.call(module_service, city.CONOCOTO, nature="fall")
    await city.assign(module_service, held, "A05")
    async with module_service.client() as client:
        (await client.post("/v1/units/A05/status", json={"status": "on_scene"})).raise_for_status()
    urgent = await city.call(module_service, city.CONOCOTO, nature="chest_pain")
    async with screen(browser, module_service) as shown:
        await shown.open_card(urgent)
        await shown.assign(urgent, "A05")
        await expect(shown.card.get_by_test_id("confirm")).to_contain_text(f"A05 ya llegó a {held}")
        await expect(shown.card.get_by_test_id("confirm-do")).to_be_disabled()


async def test_what_may_be_one_is_joined_and_undone_by_a_key(browser: Browser, module_service: Service) -> None:
    first, second = await alike(module_service, city.QUITUMBE)
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(second)
        await expect(shown.row(second).get_by_test_id("similar-row")).to_have_text(f"¿el mismo que {first}?")
        similar = card.get_by_test_id("similar")
        await expect(similar).to_contain_text(re.compile(rf"¿Es el mismo que {first}\? \d\d"))
        await expect(similar.get_by_role("button", name=f"Unir {second} a {first}")).to_be_visible()
        await shown.page.keyboard.press("i")
        await expect(shown.card).to_have_attribute("data-incident", str(first))
        await expect(shown.row(second)).to_have_count(0)
        await expect(shown.row(first)).to_contain_text("2 llamadas")
        await expect(shown.card.get_by_test_id("joined")).to_contain_text(f"{second} se unió a este incidente.")
        await expect(shown.card.get_by_test_id("calls")).to_contain_text(f"vino de {second}")

        await shown.page.keyboard.press("z")
        await expect(shown.card).to_have_attribute("data-incident", str(second))
        await expect(shown.row(second)).to_contain_text("Robo o asalto en curso")
        await expect(shown.row(first)).not_to_contain_text("2 llamadas")
        assert shown.errors == []


async def test_what_a_person_says_is_another_is_asked_on_neither_card(
    browser: Browser, module_service: Service
) -> None:
    first, second = await alike(module_service, city.Corner("Nayón", -0.1590, -78.4350))
    async with screen(browser, module_service) as shown:
        await shown.open_card(first)
        await expect(shown.card.get_by_test_id("similar")).to_contain_text(f"¿Es el mismo que {second}?")
        await shown.page.keyboard.press("o")
        await expect(shown.card.get_by_test_id("similar")).to_have_count(0)
        await shown.open_card(second)
        await expect(shown.card.get_by_label("Cronología")).to_contain_text("Llamada por voz")
        await expect(shown.card.get_by_test_id("similar")).to_have_count(0)


async def test_a_closed_one_that_was_joined_says_where_it_went_and_comes_back(
    browser: Browser, module_service: Service
) -> None:
    into = await city.call(module_service, city.GUAMANI, nature="fall")
    source = await city.call(module_service, city.TUMBACO, nature="fall")
    async with screen(browser, module_service) as shown:
        await shown.open_card(source)
        await expect(shown.card.get_by_label("Cronología")).to_contain_text("Llamada por voz")
        async with module_service.client() as client:
            (await client.post(f"/v1/incidents/{source}/link", json={"into": into})).raise_for_status()
        await expect(shown.card).to_contain_text(f"Unido al incidente {into}.")
        await shown.card.get_by_role("button", name="Deshacer").click()
        await expect(shown.row(source)).to_contain_text("Tumbaco")


async def test_a_call_that_was_joined_for_likeness_is_split_off(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.CUMBAYA, nature="crash_injured", text="un choque")
    assert await city.call(module_service, city.CUMBAYA, nature="crash_injured", text="chocaron dos") == incident
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        joined = card.locator(".call", has_text="unida por parecido")
        await expect(joined).to_contain_text(re.compile(r"unida por parecido, \S+"))
        await joined.get_by_role("button", name="Separar").click()
        await expect(shown.card).not_to_have_attribute("data-incident", str(incident))
        await expect(shown.card).to_contain_text("chocaron dos")
        await expect(shown.card.get_by_label("Cronología")).to_contain_text(f"separada del incidente {incident}")
        await expect(shown.row(incident)).not_to_contain_text("2 llamadas")


async def test_an_alarm_is_looked_at_before_it_is_declared(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.COTOCOLLAO, nature="structure_fire")
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        alarm = card.get_by_test_id("alarm")
        await expect(alarm).to_contain_text("alarma 1 de 3")
        await shown.page.keyboard.press("a")
        await expect(alarm).to_contain_text("La alarma 2 pide además 2 autobomba")
        await expect(alarm).to_contain_text(re.compile(r"Irían además \w+"))
        await expect(card.get_by_test_id("assign")).to_be_visible()
        before = await card.locator("[role=checkbox][aria-checked=true]").count()
        await alarm.get_by_role("button", name="Declarar alarma 2").click()
        await expect(alarm).to_contain_text("alarma 2 de 3")
        await expect(card.locator("[role=checkbox][aria-checked=true]")).not_to_have_count(before)
        await expect(card.get_by_label("Cronología")).to_contain_text("Cambio: alarma 1 → 2")


async def test_a_key_does_what_the_card_says_though_the_service_has_not_answered_yet(
    browser: Browser, module_service: Service
) -> None:
    incident = await city.call(module_service, city.Corner("Pifo", -0.2260, -78.3390), nature="structure_fire")
    answered = asyncio.Event()

    async def late(route: Route) -> None:
        if not urlsplit(route.request.url).query:
            await answered.wait()
        await route.continue_()

    async with screen(browser, module_service) as shown:
        await shown.page.route("**/recommendation*", late)
        card = await shown.open_card(incident)
        alarm = card.get_by_test_id("alarm")
        await expect(alarm).to_contain_text("alarma 1 de 3")
        await shown.page.keyboard.press("a")
        await expect(alarm).to_contain_text("La alarma 2 pide además 2 autobomba")
        answered.set()
        await expect(card.get_by_test_id("assign")).to_be_visible()
        await expect(alarm).to_contain_text("La alarma 2 pide además 2 autobomba")
        assert shown.errors == []


async def test_one_unit_takes_anothers_place_in_one_act(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.MARISCAL, nature="stroke")
    await city.assign(module_service, incident, "A02")
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        await card.get_by_role("button", name="Cambiar… A02").click()
        await expect(card.get_by_test_id("who")).to_contain_text("Quién en lugar de A02")
        substitute = card.locator("[role=radio]").first
        unit_id = str(await substitute.get_attribute("data-unit"))
        assert unit_id.startswith("A")
        await substitute.click()
        await expect(card.get_by_test_id("assign")).to_have_text(re.compile(f"^Cambiar A02 por {unit_id}"))
        await shown.page.get_by_test_id("assign").click()
        await expect(card.locator(".crew[data-unit=A02]")).to_have_count(0)
        await expect(card.locator(f".crew[data-unit={unit_id}]")).to_contain_text("despachada")
        await expect(card.get_by_label("Cronología")).to_contain_text(f"A02 liberada: la releva {unit_id}")


async def test_whoever_is_slower_sees_what_changed_and_loses_nothing(browser: Browser, module_service: Service) -> None:
    incident = await city.call(module_service, city.Corner("Chillogallo", -0.2830, -78.5600), nature="fall")
    address = f"/v1/incidents/{incident}"
    async with screen(browser, module_service) as shown, module_service.client() as other:

        async def overtake() -> None:
            version = (await other.get(address)).json()["incident"]["version"]
            (await other.patch(address, json={"priority": 2, "version": version})).raise_for_status()

        card = await shown.open_card(incident)
        await card.get_by_label("Nota").fill("a medio escribir")
        await before_the_first_patch(shown.page, address, overtake)
        await card.get_by_label("Cambiar naturaleza").select_option("trauma")
        lost = card.get_by_test_id("lost")
        await expect(lost).to_contain_text("Otra persona se adelantó.")
        await expect(lost).to_contain_text("prioridad 3 → 2")
        await expect(lost).to_contain_text("No se hizo: naturaleza: Trauma o fractura.")
        await expect(card.get_by_label("Nota")).to_have_value("a medio escribir")
        await lost.get_by_role("button", name="Hacerlo igual").click()
        await expect(card.get_by_role("heading", name="Trauma o fractura")).to_be_visible()
        await expect(lost).to_have_count(0)


async def test_one_call_more_keeps_nobody_from_acting(browser: Browser, module_service: Service) -> None:
    corner = city.Corner("Solanda", -0.2680, -78.5420)
    incident = await city.call(module_service, corner, nature="crash_injured")
    address = f"/v1/incidents/{incident}"
    async with screen(browser, module_service) as shown:

        async def meanwhile() -> None:
            assert await city.call(module_service, corner, nature="crash_injured") == incident

        card = await shown.open_card(incident)
        await before_the_first_patch(shown.page, address, meanwhile)
        await card.get_by_label("Cambiar prioridad").select_option("1")
        await expect(shown.row(incident)).to_have_class(re.compile(r"\bp1\b"))
        await expect(shown.row(incident)).to_contain_text("2 llamadas")
        await expect(card.get_by_test_id("lost")).to_have_count(0)


async def before_the_first_patch(page: Page, address: str, act: Callable[[], Awaitable[None]]) -> None:
    """Between a dispatcher's click and its arrival. The page reads the same address meanwhile: that is let through."""
    waiting = [act]

    async def on_its_way(route: Route) -> None:
        if route.request.method == "PATCH" and waiting:
            await waiting.pop()()
        await route.continue_()

    await page.route(f"**{address}", on_its_way)
