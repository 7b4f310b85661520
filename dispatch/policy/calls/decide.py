"""What becomes of a batch of reports: each in turn begins a call, in a new incident or a known one, or continues one.

Nothing here waits, reads a clock or a database: the same arguments give the same decision. Each report sees what was
decided of those before it, so that a batch ends as the same reports taken one by one would."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dispatch.errors import NotFound
from dispatch.model import Call, CallId, EventKind, Incident, IncidentId, IncidentStatus, NewEvent, Similar
from dispatch.model.ids import COMPUTED
from dispatch.model.phone import e164
from dispatch.policy.calls.batch import Decision, IncidentMovedError, Incoming, Known, Outcome, PlacedCall, Rules
from dispatch.policy.calls.merge import call_data, new_call, with_call, with_report, with_words
from dispatch.policy.calls.phones import KnownPhones
from dispatch.policy.calls.same_phone import PhoneEvidence, evidence
from dispatch.policy.calls.shared_numbers import PastCall, is_shared
from dispatch.policy.incidents.best_location import when_moved
from dispatch.policy.incidents.new_incident import opened
from dispatch.policy.incidents.open_incidents import OpenIncidents, suggested, with_same_phone
from dispatch.policy.incidents.same_incident import Sighting

USED_BEFORE = "id: this id was used before for another report"


def decide(batch: Sequence[Incoming], known: Known, incidents: OpenIncidents, rules: Rules) -> Decision:
    """Raises IncidentMovedError where an incident that a report belongs to is not locked."""
    deciding = _Deciding(known, incidents, rules)
    for one in batch:
        deciding.take(one)
    return deciding.decision


class _Deciding:
    def __init__(self, known: Known, incidents: OpenIncidents, rules: Rules) -> None:
        self.decision = Decision()
        self._known, self._rules, self._incidents = known, rules, incidents
        self._calls = {call.id: call for call in known.calls}
        self._phones = KnownPhones(known.calls)
        self._history = {number: dict(past) for number, past in known.history.items()}
        self._places = {incident_id: dict(by_call) for incident_id, by_call in known.places.items()}
        self._used_ids = set(known.used_ids)
        self._held: dict[IncidentId, Incident] = dict(known.incidents)
        for incident in known.incidents.values():
            incidents.put(incident)

    def take(self, incoming: Incoming) -> None:
        key = self._known.known_as(incoming.key)
        if key in self._known.answered or key in self.decision.outcomes:
            return
        since = self._rules.at - self._rules.same_phone_window
        call_id = incoming.adds_to or self._phones.call_of(incoming.report, incoming.sender, since=since)
        incoming, new_id = self._with_own_id(incoming)
        if call_id is None:
            self.decision.outcomes[key] = self._begin(incoming, new_id)
        elif call_id in self._calls:
            self.decision.outcomes[key] = self._continue(self._calls[call_id], incoming)
        else:
            self.decision.outcomes[key] = NotFound(f"no call {call_id}")

    def _with_own_id(self, incoming: Incoming) -> tuple[Incoming, CallId]:
        """The id of the call that the report may begin: its own, unless another report or call has that; then it is
        flagged, for only the same content from the same sender is a repetition. An id that was made from a message can
        be made by whoever guesses the message, and never becomes a call's: the answer would tell who guessed right."""
        report = incoming.report
        spare = self._known.spare_ids[len(self.decision.outcomes)]
        if report.id not in self._used_ids:
            self._used_ids.add(report.id)
            return incoming, spare if report.id.version == COMPUTED else report.id
        return replace(incoming, report=replace(report, flaws=(*report.flaws, USED_BEFORE))), spare

    def _begin(self, incoming: Incoming, call_id: CallId) -> Outcome:
        rules, report = self._rules, incoming.report
        sighting = Sighting(incoming.location, report.nature, rules.at)
        phone = self._evidence(incoming)
        similar = self._incidents.like_sighting(sighting)
        joinable = [one for one in similar if one.incident_id not in phone.apart]
        same = phone.sure or self._incidents.surely_same(sighting, joinable, above=rules.join_above)
        # One that is not locked is left alone: what is surely the same is joined after the commit.
        into = self._held.get(same.incident_id) if same is not None else None
        if same is not None and into is not None:
            call = new_call(incoming, call_id, into.id, rules.at, same.score)
            incident = self._change(with_call(rules.city, into, call))
        else:
            call = new_call(incoming, call_id, self._next_number(), rules.at)
            likely = suggested(with_same_phone(similar, phone.open), above=rules.suggest_above)
            continues = phone.closed.incident_id if phone.closed is not None else None
            new = replace(opened(rules.city, call, similar=likely), id=call.incident_id, continues=continues)
            incident = self._open(new)
        self.decision.new_calls[call.id] = call
        self._remember(call)
        kind = EventKind.CALL_TAKEN if into is None else EventKind.CALL_JOINED
        continued = {"continues": phone.closed.incident_id} if phone.closed is not None else {}
        self._event(kind, incident, incoming, call_data(call, report.channel) | continued)
        if into is None:
            self._suggest_to_others(incident, phone, incoming)
        return Outcome(report, incoming.sender, call, joined=into is not None)

    def _evidence(self, incoming: Incoming) -> PhoneEvidence:
        number = e164(incoming.report.caller.number)

        def shared() -> bool:
            if number is None:
                return False
            return number in self._rules.city.shared_numbers or is_shared(self._history.get(number, {}).values())

        return evidence(incoming, self._phones, self._held, self._rules, self._incidents.duplicates, is_shared=shared)

    def _suggest_to_others(self, incident: Incident, phone: PhoneEvidence, incoming: Incoming) -> None:
        """What the phone says of two incidents is said on both."""
        for one in phone.open:
            other = self._held[one.incident_id]
            mine = Similar(incident.id, one.score, same_phone=True)
            similar = suggested(with_same_phone(other.similar, [mine]), above=self._rules.suggest_above)
            if mine in similar:
                changed = self._change(replace(other, similar=similar))
                self._event(EventKind.LIKENESS_FOUND, changed, incoming, {"similar": list(similar)})

    def _continue(self, before: Call, incoming: Incoming) -> Outcome:
        report, incident = incoming.report, self._held.get(before.incident_id)
        if incident is None:
            raise IncidentMovedError(f"call {before.id} went to another incident")
        call, aside = with_report(before, report, incoming.sender, self._rules)
        if incident.status is not IncidentStatus.CLOSED and incoming.adds_to is None:
            incident = self._change(with_words(self._rules.city, incident, report))
            told = replace(call, location=before.location)
            self._event(EventKind.CALL_JOINED, incident, incoming, call_data(told, report.channel))
        self.decision.fixes_set_aside += [(call.id, fix) for fix in aside]
        (self.decision.new_calls if call.id in self.decision.new_calls else self.decision.changed_calls)[call.id] = call
        if incident.status is not IncidentStatus.CLOSED and call.location != before.location:
            self._relocate(incident, before, call, incoming)
        self._remember(call)
        return Outcome(report, incoming.sender, call, joined=True, refined=incoming.adds_to is not None)

    def _relocate(self, incident: Incident, before: Call, call: Call, incoming: Incoming) -> None:
        others = [place for call_id, place in self._places[incident.id].items() if call_id != call.id]
        moved = replace(incident, location=when_moved(incident.location, before.location, _placed(call), others))
        by_phone = [one for one in incident.similar if one.same_phone and self._incidents.get(one.incident_id)]
        likely = with_same_phone(self._incidents.like_incident(moved), by_phone)
        similar = suggested(likely, above=self._rules.suggest_above)
        moved = self._change(replace(moved, similar=similar))
        data = {"call_id": call.id, "before_m": before.location.radius_m, "after_m": call.location.radius_m}
        self._event(EventKind.LOCATION_CHANGED, moved, incoming, data)
        if {s.incident_id for s in similar} - {s.incident_id for s in incident.similar}:
            self._event(EventKind.LIKENESS_FOUND, moved, incoming, {"similar": list(similar)})

    def _open(self, incident: Incident) -> Incident:
        self._held[incident.id] = self.decision.new_incidents[incident.id] = incident
        self._incidents.put(incident)
        return incident

    def _change(self, incident: Incident) -> Incident:
        """With the next version, as every incident that is written."""
        changed = self._held[incident.id] = replace(incident, version=incident.version + 1)
        decision = self.decision
        (decision.new_incidents if changed.id in decision.new_incidents else decision.changed_incidents)[changed.id] = (
            changed
        )
        self._incidents.put(changed)
        return changed

    def _remember(self, call: Call) -> None:
        self._calls[call.id] = call
        self._phones.put(call)
        if number := e164(call.caller.number):
            self._history.setdefault(number, {})[call.id] = PastCall.of(call)
        self._places.setdefault(call.incident_id, {})[call.id] = _placed(call)

    def _next_number(self) -> IncidentId:
        self.decision.used += 1
        return self._known.numbers[self.decision.used - 1]

    def _event(self, kind: EventKind, incident: Incident, incoming: Incoming, data: dict[str, Any]) -> None:
        event = NewEvent(kind, self._rules.at, incoming.sender.name, incident=incident, data=data)
        self.decision.events.append(event)


def _placed(call: Call) -> PlacedCall:
    return PlacedCall(call.sender, call.location)
