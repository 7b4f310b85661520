"""Where and how sure, as a dispatcher sees it; and the page that shows the contract."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from tests.browser import city
from tests.browser.screen import screen
from tests.service import Service

pytestmark = pytest.mark.browser


async def test_a_limit_shows_every_parish_with_its_share(browser: Browser, module_service: Service) -> None:
    fix = {"source": "cell", "lat": -0.2098, "lon": -78.4955, "radius_m": 900.0}
    incident = await city.call(module_service, fixes=[fix], nature="fall")
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        await expect(card.get_by_text("celda", exact=False).first).to_be_visible()
        await expect(card.get_by_text("Mariscal Sucre").first).to_be_visible()
        await expect(card.get_by_text("%").first).to_be_visible()
        assert await card.get_by_text("%").count() >= 2


async def test_a_contradiction_is_named(browser: Browser, module_service: Service) -> None:
    fixes = [
        {"source": "gnss", "lat": city.GUAMANI.lat, "lon": city.GUAMANI.lon, "radius_m": 10.0},
        {"source": "wifi", "lat": city.CALDERON.lat, "lon": city.CALDERON.lon, "radius_m": 40.0},
    ]
    incident = await city.call(module_service, fixes=fixes, nature="fall")
    async with screen(browser, module_service) as shown:
        card = await shown.open_card(incident)
        await expect(card.get_by_text("Se contradice con", exact=False)).to_be_visible()


async def test_a_moving_caller_leaves_a_trail(browser: Browser, module_service: Service) -> None:
    now, corner, call_id = datetime.now(UTC), city.TUMBACO, str(uuid4())

    def fix(ago_s: int) -> dict[str, object]:
        at = (now - timedelta(seconds=ago_s)).isoformat()
        return {"source": "gnss", "lat": corner.lat + ago_s * 1e-4, "lon": corner.lon, "radius_m": 8.0, "at": at}

    incident = await city.call(module_service, id=call_id, fixes=[fix(90)], nature="fall")
    async with screen(browser, module_service) as shown:
        await shown.open_card(incident)
        async with module_service.client() as http:
            for ago_s in (60, 30, 0):
                answer = await http.post(f"/v1/calls/{call_id}/fixes", json={"fixes": [fix(ago_s)]})
                assert answer.status_code == 201
        await expect(shown.card.get_by_label("Cronología")).to_contain_text("Ubicación")
        await expect(shown.page.locator("[data-testid=map]")).to_have_attribute("data-trail", "4")
        assert shown.errors == []


async def test_the_contract_has_a_page_that_loads_nothing_foreign(browser: Browser, module_service: Service) -> None:
    page = await browser.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    await page.goto(f"{module_service.url}/docs")
    await expect(page.get_by_text("/v1/incidents/{incident_id}/assignments", exact=True).first).to_be_visible()
    assert set(asked) <= {urlsplit(module_service.url).netloc, ""}
    assert errors == []
    await page.close()
