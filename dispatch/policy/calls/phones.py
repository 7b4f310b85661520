"""Which known calls are of the phone that reports again."""

from collections.abc import Iterable

from dispatch.model import Call, Caller, CallId, Channel, Report
from dispatch.model.phone import same_phone


class KnownPhones:
    """Recent calls by the identities of their phones. A phone that calls also sends its position by AML, perhaps twice:
    one call, whichever of its reports is first."""

    def __init__(self, calls: Iterable[Call] = ()) -> None:
        self._calls: dict[tuple[str, str], list[Call]] = {}
        # The newest last, as those of this batch will be.
        for call in sorted(calls, key=lambda call: (call.received_at, call.id)):
            self.add(call)

    def add(self, call: Call) -> None:
        for identity in _identities(call.caller):
            self._calls.setdefault(identity, []).append(call)

    def call_of(self, report: Report) -> CallId | None:
        """The newest call that this report continues."""
        for identity in _identities(report.caller):
            for call in reversed(self._calls.get(identity, ())):
                if Channel.AML in {report.channel, call.channel} and same_phone(call.caller, report.caller):
                    return call.id
        return None


def _identities(caller: Caller) -> list[tuple[str, str]]:
    return [(name, value) for name in ("number", "imei", "imsi") if (value := getattr(caller, name))]
