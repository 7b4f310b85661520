"""Which known calls are of the phone that reports again."""

from collections.abc import Iterable

from dispatch.model import Call, Caller, CallId, Channel, Report
from dispatch.model.phone import same_phone


class KnownPhones:
    """Recent calls by the identities of their phones. A phone that calls also sends its position by AML, perhaps twice:
    one call, whichever of its reports is first."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self._calls: dict[tuple[str, str], dict[CallId, Call]] = {}
        for call in calls:
            self.put(call)

    def put(self, call: Call) -> None:
        """The call as it is from now on."""
        for identity in _identities(call.caller):
            self._calls.setdefault(identity, {})[call.id] = call

    def call_of(self, report: Report) -> CallId | None:
        """The newest call that this report continues."""
        found = (
            call
            for identity in _identities(report.caller)
            for call in self._calls.get(identity, {}).values()
            if Channel.AML in {report.channel, call.channel} and same_phone(call.caller, report.caller)
        )
        newest = max(found, key=lambda call: (call.received_at, call.id), default=None)
        return newest.id if newest is not None else None


def _identities(caller: Caller) -> list[tuple[str, str]]:
    return [(name, value) for name in ("number", "imei", "imsi") if (value := getattr(caller, name))]
