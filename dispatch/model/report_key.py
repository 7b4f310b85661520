"""How a repeated report is recognised: by its sender, its id and its content."""

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
    """Of the parsed report, not of its bytes: spaces, the order of fields and headers don't matter. Without `flaws`,
    whose wording may differ on the node that gets the repetition."""
    said = (report.channel, report.caller, report.nature, report.text, report.fixes, report.civic)
    return ReportKey(sender, report.id, sha256(encode(said).encode()).digest())
