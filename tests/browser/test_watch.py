"""What a supervisor watches: who is late or silent, where a unit was, what nobody would reach, how long it took."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from dispatch.settings import PROJECT
from tests.browser import city
from tests.browser.screen import screen
from tests.service import Service

pytestmark = pytest.mark.browser

IN_TIME_S = 1
SILENT_AFTER_S = 2


@pytest.fixture(scope="module")
async def hasty_service(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Of a city that wants somebody sent within a second, and hears from its crews each two."""
    folder = tmp_path_factory.mktemp("hasty") / "city"
    shutil.copytree(PROJECT / "data" / "quito", folder)
    change(folder / "targets.json", "seconds", IN_TIME_S)
    change(folder / "agencies.json", "silent_after_s", SILENT_AFTER_S)
    async with Service.started(module_database_url, city=str(folder)) as service:
        yield service


def change(file: Path, field: str, value: float) -> None:
    """In all its entries."""
    rows = json.loads(file.read_text())
    file.write_text(json.dumps([row | {field: value} for row in rows]))


async def test_what_is_late_says_so_and_counts_up(browser: Browser, hasty_service: Service) -> None:
    incident = await city.call(hasty_service, city.MARISCAL, nature="chest_pain")
    async with screen(browser, hasty_service) as shown:
        badge = shown.row(incident).get_by_test_id("overdue-row")
        await expect(badge).to_contain_text(re.compile(r"Despacho\s+\+\d:\d\d"))
        await expect(shown.row(incident)).to_have_attribute("aria-label", re.compile("Fuera de tiempo"))
        card = await shown.open_card(incident)
        overdue = card.get_by_test_id("overdue")
        await expect(overdue).to_contain_text("meta 0:01")
        late = overdue.locator("li", has_text="Despacho").locator(".by")
        first = str(await late.text_content())
        await expect(late).not_to_have_text(first)
        await expect(card.get_by_label("Cronología")).to_contain_text("Fuera de tiempo: despacho, meta 0:01")
        await city.assign(hasty_service, incident, "A01")
        await expect(overdue.filter(has_text="Despacho")).to_have_count(0)
        await expect(overdue).to_contain_text("Salida A01")
        assert shown.errors == []


async def test_a_silent_crew_is_counted_named_and_found(browser: Browser, hasty_service: Service) -> None:
    await city.stand(hasty_service, "T03", city.CUMBAYA)
    async with screen(browser, hasty_service) as shown:
        await expect(shown.page.get_by_role("banner")).to_contain_text(re.compile(r"[1-9]\d* sin señal"))
        await shown.page.keyboard.press("u")
        await shown.page.get_by_placeholder("Buscar por nombre, tipo o estado").fill("sin señal")
        unit = shown.page.locator("li[data-unit=T03]")
        await expect(unit).to_contain_text("sin señal reciente")
        await unit.get_by_role("button", name="T03").click()
        await expect(shown.page.get_by_test_id("unit-detail")).to_contain_text(re.compile(r"sin señal desde \d\d:\d\d"))


async def test_a_units_trail_shows_what_is_doubted_apart(browser: Browser, hasty_service: Service) -> None:
    corner = city.COTOCOLLAO
    places = [(corner.lat + 0.002 * step, corner.lon) for step in range(6)]
    places[3] = (corner.lat + 0.9, corner.lon + 0.1)
    await city.drive(hasty_service, "P030", places)
    async with hasty_service.client() as client:
        changed = await client.patch("/v1/units/P030", json={"crew": ["Sgto. Paz"], "shift": "07:00-19:00"})
        changed.raise_for_status()
    async with screen(browser, hasty_service) as shown:
        await shown.page.keyboard.press("u")
        await shown.page.locator("li[data-unit=P030]").get_by_role("button", name="P030").click()
        detail = shown.page.get_by_test_id("unit-detail")
        await expect(detail).to_contain_text("Sgto. Paz")
        await expect(detail).to_contain_text("07:00-19:00")
        await expect(detail.get_by_test_id("trail")).to_contain_text("6 posiciones")
        await expect(detail.get_by_test_id("trail")).to_contain_text(re.compile("1 dudosas: .+"))
        await expect(shown.page.get_by_test_id("map")).to_have_attribute("data-unit-trail", "6")
        await expect(shown.page.get_by_role("group", name="Leyenda")).to_be_visible()
        await shown.page.keyboard.press("Escape")
        await shown.page.keyboard.press("Escape")
        await expect(shown.page.get_by_test_id("map")).to_have_attribute("data-unit-trail", "0")
        assert shown.errors == []


async def test_a_unit_without_a_device_says_so(browser: Browser, hasty_service: Service) -> None:
    async with screen(browser, hasty_service) as shown:
        await shown.page.keyboard.press("u")
        await shown.page.locator("li[data-unit=A10]").get_by_role("button", name="A10").click()
        await expect(shown.page.get_by_test_id("unit-detail")).to_contain_text("sin posición")


async def test_coverage_is_drawn_and_moves_are_only_suggested(browser: Browser, hasty_service: Service) -> None:
    async with hasty_service.client() as client:
        covering = (await client.get("/v1/coverage")).raise_for_status().json()
    async with screen(browser, hasty_service) as shown:
        await shown.page.keyboard.press("c")
        pane = shown.page.get_by_test_id("coverage")
        await expect(pane).to_contain_text("Nada se mueve solo")
        await expect(pane.locator("li")).to_have_count(len(covering["moves"]))
        await expect(shown.page.get_by_test_id("map")).not_to_have_attribute("data-cells", "0")
        await expect(shown.page.get_by_test_id("coverage-legend")).to_contain_text("llamadas/día sin cubrir")
        await shown.page.keyboard.press("c")
        await expect(pane).to_have_count(0)
        await expect(shown.page.get_by_test_id("map")).to_have_attribute("data-cells", "0")
        assert shown.errors == []


async def test_times_stand_beside_their_targets_and_can_be_taken_along(
    browser: Browser, hasty_service: Service
) -> None:
    incident = await city.call(hasty_service, city.TUMBACO, nature="fall")
    await city.assign(hasty_service, incident, "A12")
    async with screen(browser, hasty_service) as shown:
        await shown.page.keyboard.press("t")
        times = shown.page.get_by_test_id("times")
        await expect(times).to_contain_text("Despacho")
        await expect(times.locator("tr", has_text="Ministerio de Salud Pública").first).to_contain_text("0:01")
        await times.get_by_text("parroquia", exact=True).click()
        await expect(times.locator("tr", has_text="Tumbaco").first).to_be_visible()
        async with shown.page.expect_download() as download:
            await times.get_by_role("button", name="Descargar CSV").click()
        lines = (await (await download.value).path()).read_text().splitlines()
        assert lines[0] == "group,name,interval,count,median_s,p90_s,target_s,target_share,met"
        assert any(",Tumbaco,process,1," in line for line in lines)
        await shown.page.get_by_role("button", name="EN", exact=True).click()
        await expect(times).to_contain_text("from the call to the first unit sent")
        await shown.page.keyboard.press("Escape")
        await expect(times).to_have_count(0)
        assert shown.errors == []
