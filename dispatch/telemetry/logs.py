"""Structured logs: text on a terminal, JSON elsewhere. They get no personal data.

`with about(reports=…)` adds fields to every message within."""

import logging
import re
import sys
from random import getrandbits

import msgspec
import structlog
import structlog.tracebacks
from structlog.contextvars import bound_contextvars as about

__all__ = ["about", "set_up_logs", "trace_of"]

# The place of the error without local variables, which contain telephone numbers.
_traceback = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)


# msgspec takes a third off the cost of each message; there are several for each call.
_encoder = msgspec.json.Encoder(enc_hook=repr)

# W3C Trace Context, section 3.2: version, trace, span, flags.
TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def trace_of(traceparent: bytes) -> str:
    """The trace id that the client sent with the request, else a new one."""
    found = TRACEPARENT.fullmatch(traceparent)
    return found[1].decode() if found else f"{getrandbits(128):032x}"


def _json(_logger: object, _name: str, line: structlog.types.EventDict) -> bytes:
    return _encoder.encode(line)


def _left_out(_logger: object, name: str, line: structlog.types.EventDict) -> structlog.types.EventDict:
    """`with about(quiet=True)`: of what is done within only warnings and errors are told."""
    if line.pop("quiet", False) and name == "info":
        raise structlog.DropEvent
    return line


def set_up_logs(form: str) -> None:
    """`form` is `text`, `json` or `auto` (text on a terminal)."""
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        _left_out,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[structlog.types.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if is_text
        else [structlog.processors.ExceptionRenderer(_traceback), _json]
    )
    structlog.configure(
        processors=[*shared, *renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if is_text
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
