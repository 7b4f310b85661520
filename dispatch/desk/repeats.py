"""Which reports were taken before. Only the same content under the same id from the same sender is a repetition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from dispatch.desk.line import Waiting
from dispatch.model import CallId, Report
from dispatch.model.report_key import ReportKey
from dispatch.model.sender import Sender
from dispatch.store.calls import Begun

USED_BEFORE = "id: this id was used before for another report"


@dataclass(frozen=True, slots=True)
class Due:
    """A report that was not taken before. `call_id`: of the call that it begins, if it begins one."""

    report: Report
    sender: Sender
    key: ReportKey
    call_id: CallId


def not_taken(waiting: Sequence[Waiting], keys: Sequence[ReportKey], begun: Begun) -> list[Due]:
    """Each once, in the order in which they came. Whose id is in use, by whomever, begins a call of another id."""
    due: list[Due] = []
    seen: set[ReportKey] = set()
    used = set(begun.used)
    for place, key in zip(waiting, keys, strict=True):
        if key in seen or key in begun.answered:
            continue
        seen.add(key)
        report, call_id = place.report, key.id
        if key.id in used:
            report = replace(report, flaws=(*report.flaws, USED_BEFORE))
            call_id = CallId(uuid4())
        used.add(key.id)
        due.append(Due(report, place.sender, key, call_id))
    return due
