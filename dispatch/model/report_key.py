"""By what a report is known when it is sent again: its sender, its id and its content."""

from hashlib import sha256
from typing import NamedTuple

from dispatch.model.ids import CallId
from dispatch.model.report import Report
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
    said = (report.channel, report.caller, report.nature, report.text, fixes, report.civic)
    return ReportKey(sender, report.id, sha256(encode(said).encode()).digest())
