"""A dispatcher's screen in a real browser, that can reach nothing but the service."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, Route, ViewportSize, expect

from tests.service import Service

SIZE = ViewportSize(width=1100, height=700)
READY_MS = PATIENCE_MS = 60_000
# Two busy cores draw the map in software: patience costs nothing where things are well.
expect.set_options(timeout=PATIENCE_MS)

COUNT_PIXELS = """async ([png, colour]) => {
  const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const pen = new OffscreenCanvas(image.width, image.height).getContext('2d');
  pen.drawImage(image, 0, 0);
  const pixels = pen.getImageData(0, 0, image.width, image.height).data;
  let count = 0;
  for (let i = 0; i < pixels.length; i += 4)
    if (Math.abs(pixels[i] - colour[0]) + Math.abs(pixels[i+1] - colour[1]) + Math.abs(pixels[i+2] - colour[2]) < 24)
      count += 1;
  return count;
}"""


@dataclass(frozen=True, slots=True)
class Screen:
    """`strayed`: every address outside the service that the page tried to reach; `errors`: what its console said."""

    page: Page
    strayed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def row(self, incident_id: int) -> Locator:
        return self.page.locator(f"#incident-{incident_id}")

    @property
    def card(self) -> Locator:
        return self.page.get_by_test_id("card")

    async def open_card(self, incident_id: int) -> Locator:
        await self.row(incident_id).click()
        card = self.page.locator(f'[data-testid="card"][data-incident="{incident_id}"]')
        await expect(card).to_be_visible()
        return card

    async def assign(self, incident_id: int, *units: str) -> None:
        """By the command line, which can name any unit."""
        await self.command(f"asignar {' '.join(units)} a {incident_id}")

    async def tick_only(self, unit_id: str) -> None:
        """Whoever the service suggests: that depends on the hour too."""
        for other in await self.card.locator(f"[role=checkbox][aria-checked=true]:not([data-unit={unit_id}])").all():
            await other.click()
        unit = self.card.locator(f"[role=checkbox][data-unit={unit_id}]")
        if await unit.get_attribute("aria-checked") != "true":
            await unit.click()
        await expect(self.card.locator("[role=checkbox][aria-checked=true]")).to_have_count(1)

    async def command(self, text: str) -> None:
        await self.page.keyboard.press("Control+k")
        await self.page.get_by_label("Comando").fill(text)
        await self.page.keyboard.press("Enter")

    async def pixels(self, colour: str) -> int:
        """How many pixels of the map have about this `#rrggbb` now."""
        png = base64.b64encode(await self.page.get_by_test_id("map").screenshot()).decode()
        parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        # The page's own policy rightly refuses to fetch data: addresses, so an empty page does the counting.
        counter = await self.page.context.browser.new_page()  # type: ignore[union-attr]
        try:
            return int(await counter.evaluate(COUNT_PIXELS, [png, parts]))
        finally:
            await counter.close()


@asynccontextmanager
async def screen(browser: Browser, service: Service, *, signed_in: bool = True) -> AsyncIterator[Screen]:
    """Opened by the printed link, live and with its map drawn."""
    context = await browser.new_context(
        viewport=SIZE, locale="es-EC", timezone_id="Europe/Madrid", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    shown = Screen(await context.new_page())
    home = urlsplit(service.url).netloc

    async def stay(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in {"data", "blob"} or address.netloc == home:
            await route.continue_()
            return
        shown.strayed.append(route.request.url)
        await route.abort()

    await context.route("**/*", stay)
    shown.page.on("websocket", lambda s: None if urlsplit(s.url).netloc == home else shown.strayed.append(s.url))
    shown.page.on("pageerror", lambda error: shown.errors.append(str(error)))
    shown.page.on("console", lambda said: shown.errors.append(said.text) if said.type == "error" else None)
    try:
        await shown.page.goto(f"{service.url}/#code={await service.code()}" if signed_in else service.url)
        if signed_in:
            await live(shown)
        yield shown
    finally:
        await context.close()


async def live(shown: Screen) -> None:
    await expect(shown.page.get_by_test_id("link")).to_have_text("en vivo", timeout=READY_MS)
    await expect(shown.page.locator("[data-ready]")).to_be_visible(timeout=READY_MS)
