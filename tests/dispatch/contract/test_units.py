"""`GET /v1/units` says where each unit was last, and how long ago."""

from datetime import UTC, datetime, timedelta

from tests.keys import a_key
from tests.service import Service


async def test_each_unit_has_its_last_position_with_its_age(module_service: Service, module_database_url: str) -> None:
    at = datetime.now(UTC) - timedelta(seconds=90)
    position = {"lat": -0.2201, "lon": -78.5123, "at": at.isoformat(), "speed_mps": 3.5}
    async with module_service.client() as http:
        units = {u["id"]: u for u in (await http.get("/v1/units")).json()["items"]}
        assert len(units) > 100 and all(unit["position"] is None for unit in units.values())
        sent = await http.post("/v1/units/positions", json={"positions": [{"unit_id": "P001", **position}]})
        assert sent.json()["accepted"] == 1
        before = datetime.now(UTC)
        units = {u["id"]: u for u in (await http.get("/v1/units")).json()["items"]}
        after = datetime.now(UTC)
        found = units["P001"]["position"]
        assert (found["lat"], found["lon"], found["speed_mps"], found["accuracy_m"]) == (-0.2201, -78.5123, 3.5, None)
        assert datetime.fromisoformat(found["at"]) == at
        assert (before - at).total_seconds() - 0.1 <= found["age_s"] <= (after - at).total_seconds() + 0.1
        assert units["P002"]["position"] is None
        one = (await http.get("/v1/units/P001")).json()
        assert one["position"]["lat"] == -0.2201 and one["position"]["age_s"] >= found["age_s"]
    async with module_service.client(await a_key(module_database_url, "crew", unit="P001")) as crew:
        [own] = (await crew.get("/v1/units")).json()["items"]
        assert own["position"]["at"] == found["at"]


async def test_a_clock_ahead_makes_no_negative_age(module_service: Service) -> None:
    at = datetime.now(UTC) + timedelta(seconds=20)
    position = {"unit_id": "P003", "lat": -0.2201, "lon": -78.5123, "at": at.isoformat()}
    async with module_service.client() as http:
        assert (await http.post("/v1/units/positions", json={"positions": [position]})).json()["accepted"] == 1
        assert (await http.get("/v1/units/P003")).json()["position"]["age_s"] == 0.0
