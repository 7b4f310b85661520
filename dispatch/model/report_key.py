"""How a repeated report is recognised: by its sender, its id and its content."""

from dataclasses import asdict
from hashlib import sha256
from typing import Any, NamedTuple

from dispatch.model.ids import CallId
from dispatch.model.report import Caller, Report
from dispatch.model.wire import encode


class ReportKey(NamedTuple):
    """`content` is a SHA-256 digest; empty for a report that was stored before digests were."""

    sender: str
    id: CallId
    content: bytes


def key_of(report: Report, *, sender: str) -> ReportKey:
    """Of the report as it was read, not of its bytes: spaces, the order of fields and headers mean nothing. Without
    `flaws`, which say how well it was read and may be worded otherwise by the node that gets the repetition."""
    fixes = report.fixes if report.fixes_said is None else report.fixes_said
    said = (report.channel, _caller(report.caller), report.nature, report.text, fixes, report.civic)
    return ReportKey(sender, report.id, sha256(encode(said).encode()).digest())


def _caller(caller: Caller) -> dict[str, Any]:
    """Without what versions before didn't know, where it isn't there: they knew the report by the same key."""
    said = asdict(caller)
    return said if caller.installation is not None else {k: v for k, v in said.items() if k != "installation"}
