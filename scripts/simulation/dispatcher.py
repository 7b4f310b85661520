"""A simulated dispatcher beside whom a person can work: it waits before it acts, and leaves some alone for longer."""

import asyncio
from dataclasses import dataclass
from random import Random
from time import perf_counter
from typing import Any

from dispatch.model.city import Nature
from scripts.simulation.feed import Feed
from scripts.simulation.service import Service

LOOK_S = 1.0
AGAIN_S = 30.0
LEFT_FOR_S = 240.0
CLOSE_AFTER_S = (3.0, 12.0)
MISUSE, DONE = "Mal uso de la línea", "Atendido"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds before it assigns, `low_s`-`high_s`, half of that for priority 1; `left` is the share of incidents, 0-1,
    that it leaves to a person for some minutes more."""

    low_s: float = 20.0
    high_s: float = 60.0
    left: float = 0.25


class Dispatcher:
    """`truth` is what the callers know: incident → what it really is (None: misuse), as the call-taker hears it."""

    def __init__(
        self, service: Service, feed: Feed, truth: dict[int, Nature | None], *, seed: int, patience: Patience
    ) -> None:
        self._service, self._feed, self._truth, self._patience = service, feed, truth, patience
        self._random = Random(seed)
        self._due_s: dict[int, float] = {}
        self._attended: set[int] = set()
        self.assigned = self.lost_races = 0

    async def work(self) -> None:
        """Until cancelled."""
        await self._feed.ready.wait()
        while True:
            now_s = perf_counter()
            for incident in list(self._feed.incidents.values()):
                if self._is_due(incident, now_s):
                    await self._act(incident, now_s)
            self._forget()
            await asyncio.sleep(LOOK_S)

    def _is_due(self, incident: dict[str, Any], now_s: float) -> bool:
        number = incident["id"]
        if incident["status"] != "waiting":
            self._due_s.pop(number, None)
            if incident["status"] == "attended":
                self._attended.add(number)
            return False
        if number not in self._due_s:
            done = number in self._attended
            self._due_s[number] = now_s + (self._random.uniform(*CLOSE_AFTER_S) if done else self._wait_s(incident))
        return now_s >= self._due_s[number]

    def _wait_s(self, incident: dict[str, Any]) -> float:
        wait_s = self._random.uniform(self._patience.low_s, self._patience.high_s)
        if incident["priority"] == 1:
            wait_s /= 2
        return wait_s + (LEFT_FOR_S if self._random.random() < self._patience.left else 0.0)

    async def _act(self, incident: dict[str, Any], now_s: float) -> None:
        number = incident["id"]
        self._due_s[number] = now_s + AGAIN_S
        known = number in self._truth
        nature = self._truth.get(number)
        if number in self._attended:
            await self._service.post(f"/v1/incidents/{number}/close", {"reason": DONE})
        elif known and nature is None:
            await self._service.post(f"/v1/incidents/{number}/close", {"reason": MISUSE})
        elif incident["nature"] is None and nature is not None:
            await self._service.patch(f"/v1/incidents/{number}", {"nature": nature.code, "priority": nature.priority})
            self._due_s[number] = now_s + self._random.uniform(*CLOSE_AFTER_S)
        else:
            await self._assign(number)

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
        self._attended &= open_now
