"""The console at a shut door: it says why, and asks to sign in; it doesn't go on knocking."""

from playwright.async_api import Browser, expect

from tests.browser.screen import screen
from tests.keys import a_key
from tests.service import Service


async def test_a_revoked_key_brings_the_sign_in_page_and_says_so(
    browser: Browser, module_service: Service, module_database_url: str
) -> None:
    key = await a_key(module_database_url, "dispatcher", name="Ana")
    async with screen(browser, module_service, signed_in=False) as shown, module_service.client() as admin:
        await shown.page.locator("#key").fill(key)
        await shown.page.locator("#key").press("Enter")
        await expect(shown.page.get_by_test_id("link")).to_have_text("en vivo")
        assert (await admin.delete("/v1/keys/Ana")).status_code == 204
        await expect(shown.page.get_by_role("alert")).to_contain_text("Su sesión terminó")
        opened = []
        shown.page.on("websocket", lambda socket: opened.append(socket.url))
        await shown.page.locator("#key").fill(key)
        await shown.page.locator("#key").press("Enter")
        await expect(shown.page.get_by_role("alert")).to_contain_text("La clave no sirve")
        assert opened == []


async def test_a_link_that_was_used_says_so(browser: Browser, module_service: Service) -> None:
    code = await module_service.code()
    async with module_service.client(key=None) as http:
        assert (await http.post("/v1/session", json={"code": code})).status_code == 200
    async with screen(browser, module_service, signed_in=False) as shown:
        await shown.page.goto(f"{module_service.url}/?again#code={code}")
        await expect(shown.page.get_by_role("alert")).to_contain_text("ya se usó")
        await shown.page.get_by_role("button", name="EN", exact=True).click()
        await expect(shown.page.get_by_role("alert")).to_contain_text("was used already")
