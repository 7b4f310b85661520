"""The metrics that `docs/operations.md` documents exist, and no others; and each step of a call is measured."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from dispatch.settings import PROJECT
from tests.reports import a_call
from tests.screens import Screen
from tests.service import Service

PAGE = PROJECT / "docs" / "operations.md"
SUFFIXES = ("_total", "_count", "_sum", "_bucket")
# Roles of the database, which the page names too.
ROLES = {"dispatch_app", "dispatch_owner"}


async def measured(service: Service) -> dict[str, dict[str, float]]:
    """By family: the value of each sample, by its name and labels."""
    async with service.client() as http:
        text = (await http.get("/metrics")).text
    return {
        family.name: {f"{s.name}{sorted(s.labels.items())}": s.value for s in family.samples}
        for family in text_string_to_metric_families(text)
        if family.name.startswith("dispatch_") and not family.name.endswith("_created")
    }


def documented(page: Path) -> tuple[set[str], set[str]]:
    """The names in the table of metrics, and all that the page speaks of; each as its family is called."""
    text = page.read_text("utf-8")
    table = re.findall(r"^\| `(dispatch_\w+)", text, re.MULTILINE)
    return {family(name) for name in table}, {family(name) for name in re.findall(r"\bdispatch_\w+", text)}


def family(name: str) -> str:
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


async def test_the_page_names_each_metric_and_no_other(module_service: Service) -> None:
    table, mentioned = documented(PAGE)
    assert table == set(await measured(module_service))
    assert mentioned - ROLES <= table, "an alert on what isn't measured never fires"


async def test_a_call_is_measured_at_each_step(module_service: Service) -> None:
    async with module_service.client() as http, Screen.on(module_service) as screen:
        before = await measured(module_service)
        assert (await http.post("/v1/calls", json=a_call(channel="voice"))).status_code == 201
        await screen.until(lambda: len(screen.room.incidents) == 1)
        here = {"unit_id": "P001", "lat": -0.2, "lon": -78.5, "at": "2026-03-01T12:00:00Z"}
        assert (await http.post("/v1/units/positions", json={"positions": [here]})).json()["accepted"] == 1
        after = await measured(module_service)
    counts = {name: total(after, name) - total(before, name) for name in before}
    for step in ("call", "queue_wait", "commit", "locate", "recommend"):
        assert counts[f"dispatch_{step}_seconds"] == 1, step
    assert counts["dispatch_batch_calls"] == counts["dispatch_calls"] == counts["dispatch_positions"] == 1
    assert counts["dispatch_delivery_seconds"] >= 1 and counts["dispatch_pool_seconds"] >= 1
    assert after["dispatch_call_seconds"]["dispatch_call_seconds_count[('channel', 'voice')]"] == 1
    assert next(iter(after["dispatch_screens"].values())) == 1
    assert after["dispatch_journal_lag"] == {"dispatch_journal_lag[]": 0}
    [built] = after["dispatch_build_info"]
    assert "0.1.0" in built and "schema" in built


def total(families: dict[str, dict[str, float]], name: str) -> float:
    """How often it was observed, or counted."""
    return sum(v for sample, v in families[name].items() if sample.startswith((f"{name}_count", f"{name}_total")))
