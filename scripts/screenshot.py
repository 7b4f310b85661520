"""Takes a screenshot of the dispatcher's console, with an incident open that needs a decision."""

import argparse
import asyncio
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

# A dev package, which `scripts/screenshot --help` must not need.
if TYPE_CHECKING:
    from playwright.async_api import Page, ViewportSize

PICTURE = Path(__file__).parents[1] / "docs" / "img" / "console.png"
FLAGS = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 60_000
# For the map to have drawn its last frame.
SETTLED_MS = 2_500


async def telling(url: str, key: str) -> int | None:
    """The id of the open incident that shows most: waiting, uncertain parish, urgent."""
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}) as client:
        incidents = (await client.get("/v1/incidents", params={"status": "waiting"})).raise_for_status().json()["items"]
    placed = [incident for incident in incidents if incident["location"]["lat"] is not None and incident["nature"]]
    placed.sort(
        key=lambda i: (i["location"]["status"] != "ambiguous", i["priority"], -len(i["location"]["candidates"]))
    )
    return placed[0]["id"] if placed else None


async def sign_in(page: "Page", url: str, key: str) -> None:
    from playwright.async_api import expect

    await page.goto(url)
    await page.locator("#key").fill(key)
    await page.locator("#key").press("Enter")
    # Not visible: on a narrow screen the map is behind the queue.
    await expect(page.locator("[data-ready]")).to_be_attached(timeout=PATIENCE_MS)
    await expect(page.get_by_test_id("link")).to_have_text(re.compile("en vivo|live"), timeout=PATIENCE_MS)


async def take(url: str, key: str, *, size: "ViewportSize", language: str, press: list[str], into: Path) -> None:
    from playwright.async_api import async_playwright, expect

    async with async_playwright() as playwright:
        found = os.environ.get("DISPATCH_CHROMIUM") or shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=found, chromium_sandbox=False, args=FLAGS)
        page = await browser.new_page(viewport=size, reduced_motion="reduce")
        await page.add_init_script(f"localStorage.setItem('dispatch.language', '{language}')")
        await sign_in(page, url, key)
        incident = await telling(url, key)
        if incident is not None:
            await page.locator(f"#incident-{incident}").dispatch_event("click")
            await expect(page.get_by_test_id("who").locator("[data-unit]").first).to_be_visible(timeout=PATIENCE_MS)
        for pressed in press:
            await page.keyboard.press(pressed)
        await page.mouse.move(0, 0)
        await page.wait_for_timeout(SETTLED_MS)
        into.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=into)
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument(
        "--key", default=os.environ.get("DISPATCH_KEY"), help="a dispatcher's API key (default: DISPATCH_KEY)"
    )
    parser.add_argument("--size", default="1920x1080", metavar="WIDTHxHEIGHT")
    parser.add_argument("--language", choices=("es", "en"), default="es")
    parser.add_argument(
        "--press", nargs="*", default=[], metavar="KEY", help="keys to press before the screenshot: c, t, u, a"
    )
    parser.add_argument("--into", type=Path, default=PICTURE)
    options = parser.parse_args()
    if not options.key:
        parser.error("no API key; give --key or set DISPATCH_KEY")
    width, height = (int(side) for side in options.size.split("x"))
    asyncio.run(
        take(
            options.url,
            options.key,
            size={"width": width, "height": height},
            language=options.language,
            press=options.press,
            into=options.into,
        )
    )
    print(options.into)


if __name__ == "__main__":
    main()
