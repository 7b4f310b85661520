"""Hostile and clumsy clients at the fleet: each gets a clear problem document, and the room goes on as it was."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dispatch.store import journal
from dispatch.store.db import connection, open_pool
from dispatch.store.snapshot import snapshot
from tests.keys import a_key
from tests.reports import a_call
from tests.service import Service

CAR = {"agency": "PN", "kind": "patrol_car"}
PROBLEM = "application/problem+json"


@pytest.fixture
async def http(module_service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with module_service.client() as client:
        yield client


async def an_incident(http: httpx.AsyncClient) -> int:
    number: int = (await http.post("/v1/calls", json=a_call(nature="fall"))).json()["incident_id"]
    return number


async def assign(http: httpx.AsyncClient, number: int, *unit_ids: str) -> httpx.Response:
    return await http.post(f"/v1/incidents/{number}/assignments", json={"unit_ids": unit_ids})


async def add(http: httpx.AsyncClient, *unit_ids: str) -> httpx.Response:
    return await http.post("/v1/units", json={"units": [CAR | {"id": unit_id} for unit_id in unit_ids]})


def is_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The document, having all that it must have and nothing from inside."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    document: dict[str, Any] = answer.json()
    assert document["status"] == status and document["type"] and document["title"] and document["detail"]
    assert not any(word in answer.text for word in ("Traceback", "asyncpg", "psycopg", 'File "'))
    return document


# An assignment of what can't be sent.


async def test_a_unit_on_another_incident_can_not_be_sent(http: httpx.AsyncClient) -> None:
    await add(http, "B1", "B2")
    first, second = await an_incident(http), (await http.post("/v1/calls", json=a_call(nature="brawl"))).json()
    assert (await assign(http, first, "B1")).status_code == 201
    document = is_problem(await assign(http, second["incident_id"], "B1", "B2"), 409)
    assert document["detail"] == f"B1 is dispatched on {first}"
    assert [unit["id"] for unit in document["units"]] == ["B1"] and document["incident"]["assignments"] == []
    assert (await http.get("/v1/units/B2")).json()["status"] == "available", "all or none"


@pytest.mark.parametrize("status", ["off_duty", "out_of_service"])
async def test_a_unit_that_is_not_on_duty_can_not_be_sent(http: httpx.AsyncClient, status: str) -> None:
    unit_id = f"B-{status}"
    await add(http, unit_id)
    await http.post(f"/v1/units/{unit_id}/status", json={"status": status})
    document = is_problem(await assign(http, await an_incident(http), unit_id), 409)
    assert document["detail"] == f"{unit_id} is {status}" and document["units"][0]["status"] == status


async def test_units_that_never_were_and_that_are_no_more_can_not_be_sent(http: httpx.AsyncClient) -> None:
    await add(http, "B3")
    await http.delete("/v1/units/B3")
    document = is_problem(await assign(http, await an_incident(http), "B3", "ghost", "P010"), 404)
    assert "B3 was removed from the fleet on " in document["detail"] and "no unit ghost" in document["detail"]
    assert (await http.get("/v1/units/P010")).json()["status"] == "available", "all or none"


async def test_nothing_is_sent_to_an_incident_that_is_closed_or_is_none(http: httpx.AsyncClient) -> None:
    await add(http, "B4")
    number = await an_incident(http)
    seen = (await http.get(f"/v1/incidents/{number}")).json()["incident"]["version"]
    await http.post(f"/v1/incidents/{number}/close", json={"reason": "x", "version": seen})
    assert is_problem(await assign(http, number, "B4"), 409)["incident"]["status"] == "closed"
    is_problem(await assign(http, 999_999, "B4"), 404)


async def test_a_unit_named_twice_is_sent_once(http: httpx.AsyncClient) -> None:
    await add(http, "B5")
    answer = await assign(http, await an_incident(http), "B5", "B5")
    assert [a["unit_id"] for a in answer.json()["assignments"]].count("B5") == 1


@pytest.mark.parametrize(("role", "status"), [("crew", 403), ("intake", 403)])
async def test_a_crews_key_sends_nobody(
    module_service: Service, module_database_url: str, http: httpx.AsyncClient, role: str, status: int
) -> None:
    number = await an_incident(http)
    async with module_service.client(await a_key(module_database_url, role)) as crew:
        is_problem(await assign(crew, number, "P010"), status)
        swap = {"release": "P010", "assign": "P011"}
        is_problem(await crew.post(f"/v1/incidents/{number}/swap", json=swap), status)
        is_problem(await crew.delete(f"/v1/incidents/{number}/assignments/P010"), status)


# Steps that there are none of.


@pytest.mark.parametrize("status", ["dispatched", "en_route", "on_scene", "transporting", "at_hospital"])
async def test_no_crew_puts_itself_on_an_incident(http: httpx.AsyncClient, status: str) -> None:
    document = is_problem(await http.post("/v1/units/P012/status", json={"status": status}), 409)
    assert document["unit"]["status"] == "available"
    assert "allowed next: off_duty, out_of_service, returning" in document["detail"]


async def test_no_crew_leaves_an_incident_that_it_has_not_reached(http: httpx.AsyncClient) -> None:
    await add(http, "B6")
    await assign(http, await an_incident(http), "B6")
    for status in ("available", "off_duty", "out_of_service", "returning", "transporting"):
        assert is_problem(await http.post("/v1/units/B6/status", json={"status": status}), 409)["unit"]["incident_id"]


# Whatever isn't what it must be.

NONSENSE: list[Any] = [None, [], "x", 1, True]


def each(field: str, *values: Any, **more: Any) -> list[Any]:
    return [more | {field: value} for value in values]


BAD_STATUS: list[Any] = [{}, *each("status", None, 1, ["available"], "AVAILABLE", "asleep", "")]
BAD_CHANGE: list[Any] = [
    *each("version", 0, -1, 2**31, 10**30, 1.0, True, "1"),
    *each("crew", "Ana", {}, [None], [1], ["a" * 81], [str(n) for n in range(21)], ["a|b"], ["\u202eanA"]),
    *each("station", 1, "", "pn-moon", "x" * 65, "\x00"),
    *each("shift", "", "7-19", 700, "24:00-25:00", "07:00-19:00\n", "٠٧:٠٠-١٩:٠٠"),
    *each("capabilities", "patrol", [None], ["patrol"] * 51, ["patrol", "patrol"], ["x"]),
    *({field: None} for field in ("id", "status", "incident_id", "removed_at", "silent_since", "agency")),
]
BAD_IDS_IN_BODIES: list[Any] = [
    *("", " ", "a ", " a", "a  b", "a\x00b", "a\nb", "a\u202eb", "\u200b", "\ufeffA", "x" * 33, "e\u0301"),
    *(1, None, True, ["a"], {"a": 1}, ".", "..", "a/b", "a\\b", "a?b", "a#b", "a%b"),
]
BAD_UNITS: list[Any] = [
    *each("units", None, {}, [], [None], [1], [CAR], *([CAR | {"id": unit_id}] for unit_id in BAD_IDS_IN_BODIES)),
    {"units": [CAR | {"id": "Q1"}, CAR | {"id": "Q1"}]},
    {"units": [{"id": "Q1", "agency": "CBQ", "kind": "patrol_car"}]},
    {"units": [CAR | {"id": f"Q{n}"} for n in range(5_001)]},
]
BAD_ASSIGNMENT: list[Any] = [
    *each("unit_ids", "P001", [], [1], [None], ["P\x00"], ["x" * 33], ["P001"] * 51, {"P001": 1}),
    *each("version", "1", 0, 2**31, unit_ids=["P001"]),
    *each("preempt", [], {"P001": 0}, {"P001": 2**63}, {"P001": "1001"}, {"P002": 1001}, unit_ids=["P001"]),
]
BAD_BODIES = [
    *(("POST", "/v1/units/P001/status", body) for body in NONSENSE + BAD_STATUS),
    *(("PATCH", "/v1/units/P001", body) for body in NONSENSE + BAD_CHANGE),
    *(("POST", "/v1/units", body) for body in NONSENSE + BAD_UNITS),
    *(("POST", "/v1/incidents/1/assignments", body) for body in NONSENSE + BAD_ASSIGNMENT),
    *(("POST", "/v1/incidents/1/swap", body) for body in [*NONSENSE, {}, {"release": 1, "assign": 2}]),
]
BAD_TEXTS = [
    b"{",
    b"\xff",
    b"\x00" * 10,
    b"[" * 100_000,
    b'{"units":' * 3_000,
    b'{"units":[{"id":"\\ud800"}]}',
    b'{"a":1e999}',
]
BAD_IDS = [
    "%00",
    "a%00b",
    "x" * 65,
    "x" * 8_000,
    "%ED%A0%80",
    "%FF",
    "%20",
    "A01%0A",
    "%2E%2E",
    "%F0%9F%9A%91",
    "' or 1=1",
]


async def test_no_body_that_is_not_what_it_must_be_changes_anything(http: httpx.AsyncClient) -> None:
    before = (await http.get("/v1/units")).json()
    for method, path, body in BAD_BODIES:
        document = is_problem(await http.request(method, path, json=body), 422)
        assert document["errors"] and all(e["field"] and e["problem"] for e in document["errors"]), (path, body)
    for raw in BAD_TEXTS:
        for method, path, _ in {(m, p): (m, p, None) for m, p, _ in BAD_BODIES}.values():
            is_problem(await http.request(method, path, content=raw), 422)
    assert (await http.get("/v1/units")).json() == before


async def test_an_id_that_is_none_is_nobodys(http: httpx.AsyncClient) -> None:
    for unit_id in BAD_IDS:
        answers = [
            await http.get(f"/v1/units/{unit_id}"),
            await http.patch(f"/v1/units/{unit_id}", json={"crew": ["x"]}),
            await http.delete(f"/v1/units/{unit_id}"),
            await http.post(f"/v1/units/{unit_id}/status", json={"status": "off_duty"}),
            await http.delete(f"/v1/incidents/{2**62}/assignments/{unit_id}"),
        ]
        for answer in answers:
            assert is_problem(answer, answer.status_code)["status"] in {404, 422}


# At the same moment.


async def at_once(http: httpx.AsyncClient, *acts: tuple[str, str, Any]) -> list[httpx.Response]:
    return await asyncio.gather(*(http.request(method, path, json=body) for method, path, body in acts))


def counted(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


async def test_of_many_who_add_one_id_one_does(http: httpx.AsyncClient) -> None:
    answers = await at_once(http, *[("POST", "/v1/units", {"units": [CAR | {"id": "C1"}]})] * 8)
    assert counted(answers) == {201: 1, 409: 7}
    removed = await at_once(http, *[("DELETE", "/v1/units/C1", None)] * 8)
    assert counted(removed) == {200: 1, 404: 7}
    assert counted(await at_once(http, *[("POST", "/v1/units", {"units": [CAR | {"id": "C1"}]})] * 8)) == {
        201: 1,
        409: 7,
    }


async def test_of_many_who_change_one_unit_as_they_saw_it_one_does(http: httpx.AsyncClient) -> None:
    await add(http, "C2")
    acts = [("PATCH", "/v1/units/C2", {"crew": [f"crew {n}"], "version": 1}) for n in range(8)]
    answers = await at_once(http, *acts)
    assert counted(answers) == {200: 1, 409: 7}
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await http.get("/v1/units/C2")).json() == {**won, "position": None}
    assert all(is_problem(answer, 409)["unit"] == won for answer in answers if answer.status_code == 409)


async def test_a_unit_is_sent_or_taken_out_never_both(http: httpx.AsyncClient) -> None:
    number = await an_incident(http)
    ids = [f"C3-{n}" for n in range(12)]
    await add(http, *ids)
    path = f"/v1/incidents/{number}/assignments"
    answers = await at_once(
        http,
        *(
            begin
            for n, unit_id in enumerate(ids)
            for begin in [("POST", path, {"unit_ids": [unit_id]}), ("DELETE", f"/v1/units/{unit_id}", None)][
                :: 1 - n % 2 * 2
            ]
        ),
    )
    room = {unit["id"]: unit for unit in (await http.get("/v1/units")).json()["items"]}
    for n, unit_id in enumerate(ids):
        sent, removed = answers[2 * n : 2 * n + 2][:: 1 - n % 2 * 2]
        assert (sent.status_code, removed.status_code) in {(201, 409), (404, 200)}, unit_id
        assert (unit_id in room) == (sent.status_code == 201)


async def test_whatever_is_done_at_once_the_room_is_what_its_events_say(
    http: httpx.AsyncClient, module_service: Service, module_database_url: str
) -> None:
    pool = await open_pool(module_database_url, size=2)
    number = await an_incident(http)
    ids = [f"C4-{n}" for n in range(6)]
    await add(http, *ids)
    before = await snapshot(pool)
    acts = [
        begin
        for n in range(5)
        for unit_id in ids
        for begin in (
            ("POST", f"/v1/incidents/{number}/assignments", {"unit_ids": [unit_id, ids[n]]}),
            ("PATCH", f"/v1/units/{unit_id}", {"crew": [f"crew {n}"]}),
            ("POST", f"/v1/units/{unit_id}/status", {"status": ["on_scene", "available", "off_duty"][n % 3]}),
            ("DELETE", f"/v1/units/{unit_id}", None),
            ("POST", "/v1/units", {"units": [CAR | {"id": unit_id}]}),
            ("DELETE", f"/v1/incidents/{number}/assignments/{unit_id}", None),
        )
    ]
    async with module_service.client() as other, module_service.client() as third:
        clients = [http, other, third]
        asked = [clients[i % 3].request(m, path, json=body, timeout=60) for i, (m, path, body) in enumerate(acts)]
        tables = [f"id,agency,kind,shift\n{ids[n]},PN,patrol_car,0{n}:00-19:00" for n in range(6)]
        put = [http.put("/v1/units.csv", content=table, timeout=60) for table in tables]
        answers = await asyncio.gather(*asked, *put)
    assert counted(answers).keys() <= {200, 201, 404, 409}, Counter(a.text for a in answers if a.status_code >= 500)
    fresh = await snapshot(pool)
    async with connection(pool) as db:
        for entry in await journal.after(db, seq=before.seq, limit=10_000):
            if entry.event.seq <= fresh.seq:
                before.apply(entry.event)
        loose = await db.fetchval(
            """select count(*) from assignment a join unit u on u.id = a.unit_id
               where a.released_at is null and u.removed_at is not null"""
        )
    await pool.close()
    assert before == fresh and loose == 0
