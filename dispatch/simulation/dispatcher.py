"""A simulated dispatcher beside whom a person can work: it waits before it acts, and leaves some incidents alone for
longer."""

import asyncio
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Any

from dispatch.simulation.demand import Emergency
from dispatch.simulation.feed import Feed
from dispatch.simulation.service import Service

LOOK_S = 1.0
AGAIN_S = 30.0
LEFT_FOR_S = (120.0, 360.0)
MORE_AT_FIRST = 2.4
CLOSE_AFTER_S = (3.0, 12.0)
MISUSE, DONE, LOST = "Mal uso de la línea", "Atendido", "Se perdió el contacto con quien llamó"
TOLD_RADIUS_M = 150.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds before it assigns, `low_s`-`high_s`, half of that for priority 1; `left` is the share of incidents, 0-1,
    that it leaves to a person for some minutes more, and more of those that wait when it comes; 0: none at all."""

    low_s: float = 20.0
    high_s: float = 60.0
    left: float = 0.25


class Dispatcher:
    """`truth` is what the callers know: incident → what it really is and where, as the call-taker hears it. What was
    open before the first look and can't be worked on, since nobody is on the phone any more, is closed. Whether two
    incidents are one is left to a person."""

    def __init__(
        self, service: Service, feed: Feed, truth: dict[int, Emergency], *, seed: int, patience: Patience
    ) -> None:
        self._service, self._feed, self._truth, self._patience = service, feed, truth, patience
        self._random = Random(seed)
        self._due_s: dict[int, float] = {}
        self._found_open: set[int] = set()
        self.assigned = self.lost_races = 0

    async def work(self) -> None:
        """Runs until cancelled."""
        await self._feed.ready.wait()
        self._found_open.update(self._feed.incidents)
        while True:
            now_s = perf_counter()
            for incident in list(self._feed.incidents.values()):
                if self._is_due(incident, now_s):
                    await self._act(incident, now_s)
            self._forget()
            await asyncio.sleep(LOOK_S)

    def _is_due(self, incident: dict[str, Any], now_s: float) -> bool:
        """Where nobody was sent, or all who were have left."""
        number = incident["id"]
        if incident["assignments"]:
            self._due_s.pop(number, None)
            return False
        if number not in self._due_s:
            self._due_s[number] = now_s + self._wait_s(incident)
        return now_s >= self._due_s[number]

    def _wait_s(self, incident: dict[str, Any]) -> float:
        if incident["status"] == "attended":
            return self._random.uniform(*CLOSE_AFTER_S)
        wait_s = self._random.uniform(self._patience.low_s, self._patience.high_s)
        if incident["priority"] == 1:
            wait_s /= 2
        left = self._patience.left * (MORE_AT_FIRST if incident["id"] in self._found_open else 1.0)
        is_left = left > 0 and (incident["similar"] or self._random.random() < left)
        return wait_s + (self._random.uniform(*LEFT_FOR_S) if is_left else 0.0)

    async def _act(self, incident: dict[str, Any], now_s: float) -> None:
        number = incident["id"]
        self._due_s[number] = now_s + AGAIN_S
        truth = self._truth.get(number)
        incomplete = incident["nature"] is None or incident["location"]["lat"] is None
        if incident["status"] == "attended":
            await self._close(number, DONE)
        elif truth is not None and truth.nature is None:
            await self._close(number, MISUSE)
        elif incomplete and truth is not None:
            await self._complete(incident, truth)
            self._due_s[number] = now_s + self._random.uniform(*CLOSE_AFTER_S)
        elif incomplete and number in self._found_open:
            await self._close(number, LOST)
        else:
            await self._assign(number)

    async def _close(self, number: int, reason: str) -> None:
        seen = {"version": self._feed.incidents[number]["version"]} if number in self._feed.incidents else {}
        await self._service.post(f"/v1/incidents/{number}/close", {"reason": reason} | seen)

    async def _complete(self, incident: dict[str, Any], truth: Emergency) -> None:
        """The caller's answers to questions: what happens, and where."""
        changes: dict[str, Any] = {"version": incident["version"]}
        if incident["nature"] is None and truth.nature is not None:
            changes |= {"nature": truth.nature.code, "priority": truth.nature.priority}
        if incident["location"]["lat"] is None:
            lat, lon = round(truth.lat, 4), round(truth.lon, 4)
            changes["location"] = {"lat": lat, "lon": lon, "radius_m": TOLD_RADIUS_M}
        await self._service.patch(f"/v1/incidents/{incident['id']}", changes)

    async def _assign(self, number: int) -> None:
        answer = await self._service.get(f"/v1/incidents/{number}/recommendation")
        chosen = [unit["unit_id"] for unit in answer.body.get("units", ()) if unit["chosen"]]
        if not chosen:
            return
        answer = await self._service.post(f"/v1/incidents/{number}/assignments", {"unit_ids": chosen})
        self.assigned += answer.is_good
        self.lost_races += answer.status == 409

    def _forget(self) -> None:
        open_now = self._feed.incidents.keys()
        for number in self._due_s.keys() - open_now:
            del self._due_s[number]
        self._found_open &= open_now
