"""What the earlier calls of a phone say about its next one: which incident it is about, or continues."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dispatch.model import Call, Incident, IncidentId, IncidentStatus, Similar
from dispatch.policy.calls.batch import IncidentMovedError, Incoming, Rules
from dispatch.policy.calls.phones import KnownPhones
from dispatch.policy.incidents.duplicate_likelihood import DuplicateModel
from dispatch.policy.incidents.same_caller import JOINS_WITHIN_S, MOST_REDIALS, Contact, contact_of, same_emergency


@dataclass(frozen=True, slots=True)
class PhoneEvidence:
    """`open`: the incidents this phone reported lately, the likeliest to be meant first; `sure`: the one of them that
    the call may join without a person; `apart`: those that it may not join, also for their place, for many people call
    from this number; `closed`: the closed one that the call continues."""

    open: tuple[Similar, ...] = ()
    sure: Similar | None = None
    apart: Collection[IncidentId] = ()
    closed: Similar | None = None


NOTHING = PhoneEvidence()


def evidence(
    incoming: Incoming,
    phones: KnownPhones,
    held: Mapping[IncidentId, Incident],
    rules: Rules,
    duplicates: DuplicateModel,
    *,
    is_shared: Callable[[], bool],
) -> PhoneEvidence:
    """Raises IncidentMovedError where an incident of a call is not locked."""
    report = incoming.report
    calls = phones.calls_of(report, at=rules.at, window=rules.redial_window)
    if not calls:
        return NOTHING
    new = Contact(rules.at, incoming.location, report.nature)
    found: dict[IncidentId, tuple[Similar, bool]] = {}
    soon = rules.at - timedelta(seconds=JOINS_WITHIN_S)
    for call in calls:
        incident = held.get(call.incident_id)
        if incident is None:
            raise IncidentMovedError(f"call {call.id} went to another incident")
        score = same_emergency(new, contact_of(call, incident.nature), duplicates)
        may_join = call.received_at >= soon and phones.may_count(report, incoming.sender, call)
        known, might = found.get(incident.id, (None, False))
        best = score if known is None else max(score, known.score)
        found[incident.id] = Similar(incident.id, best, same_phone=True), might or may_join
    return _judged(found, calls, held, rules, is_shared=is_shared())


def _judged(
    found: Mapping[IncidentId, tuple[Similar, bool]],
    calls: Sequence[Call],
    held: Mapping[IncidentId, Incident],
    rules: Rules,
    *,
    is_shared: bool,
) -> PhoneEvidence:
    ranked = sorted((one for one, _ in found.values()), key=lambda one: (-one.score, one.incident_id))
    likely = [one for one in ranked if one.score >= rules.suggest_above]
    is_open = {one.incident_id for one in ranked if held[one.incident_id].status is not IncidentStatus.CLOSED}
    opens = tuple(one for one in likely if one.incident_id in is_open)
    closed = next((one for one in likely if one.incident_id not in is_open), None)
    certain = not is_shared and len(calls) <= MOST_REDIALS
    sure = next(
        (one for one in opens if certain and one.score >= rules.join_above and found[one.incident_id][1]),
        None,
    )
    return PhoneEvidence(opens, sure, is_open if is_shared else (), closed)
