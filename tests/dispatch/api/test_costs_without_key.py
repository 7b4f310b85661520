"""What somebody without a key can make the service do by the head of a request alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from dispatch.store import access
from tests.dispatch.api.roles import session_of
from tests.keys import a_key
from tests.service import Service
from tests.worst import processor_s

GUESSES = 30
# What is refused before it is read costs a hundredth of that; what is superlinear, seconds.
MOST_S = 0.25
LONG = 30_000

HEADS = {
    "backslashes in a cookie": {"Cookie": 'dispatch_session="' + "\\" * LONG + '"'},
    "quotes in a cookie": {"Cookie": 'dispatch_session="' + '\\"' * (LONG // 2) + '"'},
    "octets in another's cookie": {"Cookie": 'a="' + "\\141" * (LONG // 4) + '"'},
    "many cookies": {"Cookie": "a=1;" * (LONG // 4)},
    "cookies without names": {"Cookie": ";" * LONG},
    "blanks in a cookie": {"Cookie": "dispatch_session" + " " * LONG + "=x"},
    "blanks before a key": {"Authorization": "Bearer" + " " * LONG + "x"},
    "a long key": {"Authorization": "Bearer " + "x" * LONG},
    "a Basic key": {"Authorization": "Basic " + "eHg6" * (LONG // 4)},
    "many forwarders": {"X-Forwarded-For": "127.0.0.1," * (LONG // 10)},
    "forwarders that are none": {"X-Forwarded-For": "a," * (LONG // 2)},
    "colons in a forwarder": {"X-Forwarded-For": ":" * LONG},
    "a long trace": {"Traceparent": "00-" + "0" * LONG},
    "a long origin": {"Origin": "http://" + "[" * LONG},
    "many ranges": {"Range": "bytes=" + ",".join(f"{n}-" for n in range(LONG // 7))},
    "many types accepted": {"Accept": "a/a;q=0.1," * (LONG // 10)},
}
PLACES = [
    ("GET", "/v1/units"),
    ("POST", "/v1/calls"),
    ("POST", "/v1/intake/aml/https"),
    ("POST", "/v1/devices/owntracks"),
    ("GET", "/v1/devices/osmand"),
    ("POST", "/v1/session"),
    ("DELETE", "/v1/session"),
    ("GET", "/"),
]


@pytest.mark.parametrize("name", HEADS)
async def test_the_head_of_a_request_costs_little(module_service: Service, name: str) -> None:
    pid, slow = module_service.process.pid, []
    async with module_service.client(key=None) as http:
        for method, path in PLACES:
            taken = []
            for _ in range(3):
                began = processor_s(pid)
                assert (await http.request(method, path, headers=HEADS[name])).status_code < 500
                taken.append(processor_s(pid) - began)
                if taken[-1] < MOST_S / 2:
                    break
            if min(taken) > MOST_S:
                slow.append((method, path, min(taken)))
    assert not slow


@asynccontextmanager
async def announced(database_url: str) -> AsyncIterator[list[str]]:
    """What the nodes are told of changes of keys and sessions meanwhile."""
    heard: list[str] = []
    db = await asyncpg.connect(database_url)
    try:
        await db.add_listener(access.CHANNEL, lambda _db, _pid, _channel, payload: heard.append(str(payload)))
        yield heard
        await db.execute("select 1")  # so that all that was told before has arrived
    finally:
        await db.close()


async def test_a_cookie_of_no_session_is_a_guess_and_disturbs_no_node(
    module_service: Service, module_database_url: str
) -> None:
    """Every announcement makes all nodes forget whom they know, and ask the database again."""
    async with module_service.client(key=None) as http:
        http.headers["X-Forwarded-For"] = "203.0.113.99"
        async with announced(module_database_url) as heard:
            statuses = []
            for n in range(GUESSES + 5):
                junk = {"Cookie": f"dispatch_session=junk-{n}"}
                statuses.append((await http.delete("/v1/session", headers=junk)).status_code)
        assert statuses == [204] * GUESSES + [429] * 5 and heard == []

        own = await session_of(module_service, await a_key(module_database_url, "dispatcher"))
        async with module_service.client(key=None) as page, announced(module_database_url) as heard:
            assert (await page.delete("/v1/session", headers=own)).status_code == 204
            assert (await page.get("/v1/session", headers=own)).status_code == 401
        assert heard
