"""Which known calls are of the phone that reports again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dispatch.model import Call, CallId, Channel, Report
from dispatch.model.call import Told, own_part
from dispatch.model.phone import identities, same_phone
from dispatch.model.sender import Sender, SenderKind


class KnownPhones:
    """Recent calls by the identities of their phones. A phone that calls also sends its position by AML, perhaps twice:
    one call, whichever of its reports is first.

    A gateway or a dispatcher adds to anybody's call. An intake key adds to what it sent itself, and is compared with
    that alone: else it could find out which number and which device belong together."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        # By whose (None: anybody's), and the name and value of an identity.
        self._calls: dict[tuple[str | None, str, str], dict[CallId, Call]] = {}
        for call in calls:
            self.put(call)

    def put(self, call: Call) -> None:
        """The call as it is from now on."""
        for whose, caller in ((None, call.caller), (call.sender, own_part(call).caller)):
            for identity in identities(caller):
                self._calls.setdefault((whose, *identity), {})[call.id] = call

    def call_of(self, report: Report, sender: Sender, *, since: datetime) -> CallId | None:
        """The call since `since` that this report continues: of its own sender before others, then the newest."""
        is_intake = sender.kind is SenderKind.INTAKE
        found = [
            call
            for call in self._of(report, whose=sender.name if is_intake else None)
            if call.received_at >= since and _continues(report, own_part(call) if is_intake else call)
        ]
        best = max(found, key=lambda call: (call.sender == sender.name, call.received_at, call.id), default=None)
        return best.id if best is not None else None

    def calls_of(self, report: Report, *, at: datetime, window: timedelta) -> list[Call]:
        """All calls of this phone within the window, whoever sent them, the newest first."""
        found = {call.id: call for call in self._of(report, whose=None) if at - call.received_at <= window}
        return sorted(found.values(), key=lambda call: (call.received_at, call.id), reverse=True)

    def may_count(self, report: Report, sender: Sender, call: Call) -> bool:
        """Whether the sender may find out that this call is of the same phone: an intake key only of what it sent."""
        if sender.kind is not SenderKind.INTAKE:
            return True
        return call.sender == sender.name and same_phone(own_part(call).caller, report.caller)

    def _of(self, report: Report, *, whose: str | None) -> Iterable[Call]:
        for identity in identities(report.caller):
            yield from self._calls.get((whose, *identity), {}).values()


def _continues(report: Report, known: Call | Told) -> bool:
    return Channel.AML in {report.channel, known.channel} and same_phone(known.caller, report.caller)
