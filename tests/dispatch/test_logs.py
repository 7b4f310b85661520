"""What goes wrong is told by where, never with what was in hand."""

import json

import pytest
import structlog

from dispatch.telemetry.logs import about, set_up_logs


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_shows_no_local_variable(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(form)
    number = "+593990001234"
    try:
        raise RuntimeError("it broke") from ValueError(str(len(number)))
    except RuntimeError as error:
        structlog.get_logger().error("unexpected_error", exc_info=error)
    said = capsys.readouterr().err
    structlog.reset_defaults()
    assert "it broke" in said and "test_logs" in said and number not in said
    if form == "json":
        assert json.loads(said)["exception"][0]["exc_type"] == "RuntimeError"


def test_of_what_is_done_quietly_only_trouble_is_told(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    set_up_logs("json")
    log = structlog.get_logger()
    with about(quiet=True, of="it"):
        log.info("done")
        log.warning("nearly_done")
    log.info("told")
    said = [json.loads(line) for line in capfdbinary.readouterr().err.splitlines()]
    structlog.reset_defaults()
    assert [(line["event"], line.get("of")) for line in said] == [("nearly_done", "it"), ("told", None)]
    assert all("quiet" not in line for line in said)
