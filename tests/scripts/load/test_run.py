"""A real run against the real service: open loop, nothing lost, and on paper without a name of this machine."""

import asyncio
import os
import re
import signal
from pathlib import Path
from time import perf_counter

import pytest

from dispatch.model.city import City
from scripts.load import report, summary
from scripts.load.figures import Done
from scripts.load.outcome import Outcome
from scripts.load.profiles import Profile, steady
from scripts.load.restart import Restarts
from scripts.load.run import Refused, run
from tests.service import Service

PROFILE = Profile("short", "forty calls a second", steady(40), 4.0, screens=5, moving_hz=1.0)
STOP_AFTER_S, STOPPED_S = 1.5, 1.0


async def test_a_service_that_stands_still_is_charged_to_every_call_that_was_due_meanwhile(
    module_service: Service, quito: City
) -> None:
    stopped: list[float] = []

    async def stand_still() -> None:
        pid = module_service.process.pid
        await asyncio.sleep(STOP_AFTER_S)
        os.kill(pid, signal.SIGSTOP)
        stopped.append(perf_counter())
        await asyncio.sleep(STOPPED_S)
        stopped.append(perf_counter())
        os.kill(pid, signal.SIGCONT)

    standing = asyncio.create_task(stand_still())
    done = await run(quito, PROFILE, url=module_service.url, key=module_service.key, seed=1)
    await standing
    from_s, to_s = stopped
    assert done.faults == [] and done.statuses == {201: done.sent}
    meanwhile = [fate for fate in done.fates if from_s < fate.due_s < to_s]
    # They were all sent, though none was answered; and each waited at least until it went on.
    assert len(meanwhile) > 20
    assert all(fate.sent_s < to_s for fate in meanwhile[:-5])
    waited_s = [fate.answered_s - fate.due_s for fate in meanwhile if fate.answered_s]
    assert len(waited_s) == len(meanwhile)
    assert all(waited > to_s - fate.due_s for fate, waited in zip(meanwhile, waited_s, strict=True))
    # And all of them are in the percentiles: who waited the longest is the worst of all that is told.
    assert done.acknowledged.get_total_count() == done.sent
    late = sum(waited > 0.25 for waited in waited_s)
    part = 100 * (1 - (late - 1) / done.sent)
    assert done.acknowledged.get_value_at_percentile(part) >= 240_000
    assert done.shown.get_total_count() == done.sent * PROFILE.screens


@pytest.fixture(scope="module")
async def quiet(module_service: Service, quito: City) -> Outcome:
    profile = Profile("few", "ten calls a second", steady(10), 2.0, screens=3, moving_hz=1.0)
    return await run(quito, profile, url=module_service.url, key=module_service.key, seed=2)


async def test_what_is_shown_and_taken_is_counted(quiet: Outcome) -> None:
    assert quiet.faults == [] and quiet.sent == quiet.acknowledged.get_total_count() > 5
    assert quiet.shown.get_total_count() == quiet.spread.get_total_count() == quiet.sent * 3
    sent, accepted, failed = quiet.positions
    assert sent == accepted > 0 and failed == 0
    assert quiet.position_age.get_total_count() > 0


def test_on_paper(quiet: Outcome, tmp_path: Path) -> None:
    done = Done(PROFILE, quiet, None)
    page = report.write(tmp_path, done, command="scripts/load_test few", peers=[("a peer", 1_234.0)])
    found = summary.Found(
        runs=dict.fromkeys(("peak", "flood", "screens", "fleet", "hour"), done),
        steps=[done],
        restarts=Restarts(100_000, 1_000, [2.9, 2.8], [1.4, 1.5, 1.6], {"the city": 0.5}),
        deflate=[(False, done), (True, done)],
        peers=[("a peer", 1_234.0)],
    )
    text = summary.write(tmp_path, found, command="scripts/load_test reports").read_text()
    assert {file.name for file in tmp_path.iterdir()} == {"short.html", "short.csv", "short-seconds.csv", "README.md"}
    assert "restart with 100,000 past incidents, 1,000 open | 3 s | 1.50 s; with its PostgreSQL 2.85 s | yes" in text
    assert "full calls, 10 screens | 2,000/s for 60 s" in text and "of that: all else | 1.00" in text
    for file in tmp_path.iterdir():
        words = re.split(r"[\s,|<>()]+", re.sub(r"base64,[^']*", "", file.read_text()))
        assert not {os.uname().nodename, str(tmp_path), str(Path.home())} & set(words)
    assert "data:image/png" in page.read_text() and "1,234" in page.read_text()


async def test_without_a_service_it_is_refused(quito: City) -> None:
    with pytest.raises(Refused):
        await run(quito, PROFILE, url="http://127.0.0.1:9", key="k", seed=1)


async def test_incidents_are_closed_while_it_runs(module_service: Service, quito: City) -> None:
    profile = Profile("closing", "ten calls a second", steady(10), 3.0, screens=2, close_after_s=0.5)
    done = await run(quito, profile, url=module_service.url, key=module_service.key, seed=3)
    assert done.faults == []
    assert len(done.fates) > 10
    async with module_service.client() as client:
        for incident_id in [fate.incident_id for fate in done.fates[:5]]:
            incident = (await client.get(f"/v1/incidents/{incident_id}")).json()["incident"]
            assert incident["status"] == "closed"
