"""Dispatchers who act on what a screen shows them, sometimes when it is outdated, and log their changes.

A request without an answer is not repeated: the next look at the screen shows whether it was done."""

import asyncio
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from dispatch.model import ASSIGNABLE, Incident, IncidentId, UnitId
from scripts.fault_runs.callers import Callers
from scripts.fault_runs.logs import Deed, Verb
from scripts.fault_runs.node_client import Answer, NodeClient
from scripts.fault_runs.screens import Screen

PAUSE_S = 0.08
WEIGHTS = {
    Verb.ASSIGN: 8,
    Verb.RELEASE: 2,
    Verb.CLOSE: 4,
    Verb.REOPEN: 1,
    Verb.LINK: 1,
    Verb.UNLINK: 1,
    Verb.SPLIT: 1,
}


class Shown(msgspec.Struct):
    """The part of an answer by which its event is recognised."""

    id: IncidentId
    version: int


class Dispatcher:
    def __init__(self, client: NodeClient, screen: Screen, callers: Callers, *, seed: int) -> None:
        self.deeds: list[Deed] = []
        self.answers: Counter[tuple[str, int]] = Counter()
        self._client, self._screen, self._callers, self._random = client, screen, callers, Random(seed)
        self._linked: list[IncidentId] = []
        self._closed: list[Shown] = []
        self._node = client.any()
        self._ended = False

    async def work(self) -> None:
        """Until ended; never between a request and its answer."""
        while not self._ended:
            await asyncio.sleep(self._random.uniform(0, 2 * PAUSE_S))
            incidents = list(self._screen.room.incidents.values())
            if incidents:
                verb = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                await self._act(verb, self._random.choice(incidents))

    def end(self) -> None:
        self._ended = True

    async def _act(self, verb: Verb, incident: Incident) -> None:
        request = self._request(verb, incident)
        if request is None:
            return
        method, path, body, unit_ids = request
        answer = await self._client.ask(self._node, method, path, body)
        self.answers[verb, answer.status] += 1
        if answer.status in {200, 201}:
            self._note(verb, incident, answer, unit_ids)
        elif answer.status in {0, 503}:
            self._node = self._client.next(self._node)

    def _note(self, verb: Verb, incident: Incident, answer: Answer, unit_ids: tuple[UnitId, ...]) -> None:
        shown = msgspec.json.decode(answer.text, type=Shown)
        self.deeds.append(Deed(verb, shown.id, shown.version, unit_ids))
        if verb is Verb.LINK:
            self._linked.append(incident.id)
        elif verb is Verb.CLOSE:
            self._closed.append(shown)

    def _request(
        self, verb: Verb, incident: Incident
    ) -> tuple[str, str, dict[str, Any] | None, tuple[UnitId, ...]] | None:
        here = f"/v1/incidents/{incident.id}"
        match verb:
            case Verb.ASSIGN:
                units = self._free()
                body = {"unit_ids": units}
                return ("POST", f"{here}/assignments", body, units) if units else None
            case Verb.RELEASE if incident.assignments:
                unit_id = self._random.choice(incident.assignments).unit_id
                return "DELETE", f"{here}/assignments/{unit_id}", None, (unit_id,)
            case Verb.CLOSE:
                return "POST", f"{here}/close", {"reason": "x", "version": incident.version}, ()
            case Verb.REOPEN if self._closed:
                shown = self._closed.pop(self._random.randrange(len(self._closed)))
                return "POST", f"/v1/incidents/{shown.id}/reopen", {"version": shown.version}, ()
            case Verb.LINK:
                into = self._random.choice(list(self._screen.room.incidents))
                return ("POST", f"{here}/link", {"into": into}, ()) if into != incident.id else None
            case Verb.UNLINK if self._linked:
                which = self._linked.pop(self._random.randrange(len(self._linked)))
                return "POST", f"/v1/incidents/{which}/unlink", None, ()
            case Verb.SPLIT if incident.calls > 1 and (call_id := self._call_of(incident.id)):
                return "POST", f"{here}/calls/{call_id}/split", None, ()
        return None

    def _free(self) -> tuple[UnitId, ...]:
        """Of a few, so that dispatchers compete for the same units."""
        free = [unit.id for unit in self._screen.room.units.values() if unit.status in ASSIGNABLE][:12]
        return tuple(self._random.sample(free, min(len(free), self._random.choice((1, 1, 2)))))

    def _call_of(self, incident_id: IncidentId) -> UUID | None:
        told = f'"incident_id":{incident_id},'
        calls = [sent.report_id for sent in self._callers.sent if told in sent.answer]
        return self._random.choice(calls) if calls else None
