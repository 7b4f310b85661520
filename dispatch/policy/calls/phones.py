"""Which known calls are of the phone that reports again."""

from collections.abc import Iterable

from dispatch.model import Call, Caller, CallId, Channel, Report
from dispatch.model.call import Told, own_part
from dispatch.model.phone import same_phone
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
            for identity in _identities(caller):
                self._calls.setdefault((whose, *identity), {})[call.id] = call

    def call_of(self, report: Report, sender: Sender) -> CallId | None:
        """The call that this report continues: of its own sender before others, then the newest."""
        is_intake = sender.kind is SenderKind.INTAKE
        found = [
            call
            for identity in _identities(report.caller)
            for call in self._calls.get((sender.name if is_intake else None, *identity), {}).values()
            if _continues(report, own_part(call) if is_intake else call)
        ]
        best = max(found, key=lambda call: (call.sender == sender.name, call.received_at, call.id), default=None)
        return best.id if best is not None else None


def _continues(report: Report, known: Call | Told) -> bool:
    return Channel.AML in {report.channel, known.channel} and same_phone(known.caller, report.caller)


def _identities(caller: Caller) -> list[tuple[str, str]]:
    return [(name, value) for name in ("number", "imei", "imsi") if (value := getattr(caller, name))]
