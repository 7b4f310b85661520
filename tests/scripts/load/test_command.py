import pytest
from typer.testing import CliRunner

from scripts.load.__main__ import app
from scripts.load.machine import command, machine

ELSEWHERE = "http://192.0.2.7:8000"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["peak", "--url", ELSEWHERE, "--key", "secret-one"], "another machine"),
        (["capacity", "--url", "https://ecu911.example", "--key", "secret-one"], "another machine"),
        (["peak", "--url", "http://127.0.0.1:9"], "no API key"),
        (["reports", "--url", "http://127.0.0.1:9", "--key", "secret-one"], "takes no --url"),
        (["quake"], "no profile"),
        (["peak", "--city", "/nowhere"], "city.json"),
    ],
)
def test_what_cannot_be_run_says_why_and_shows_no_key(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(app, arguments, env={"DISPATCH_KEY": "", "COLUMNS": "200"})
    assert result.exit_code == 2
    assert why in result.output
    assert "secret-one" not in result.output


def test_another_machine_only_when_told() -> None:
    arguments = ["peak", "--url", "http://dispatch.invalid:9", "--key", "k", "--minutes", "0.01", "--screens", "1"]
    refused = CliRunner().invoke(app, arguments)
    allowed = CliRunner().invoke(app, [*arguments, "--allow-remote"])
    assert "another machine" in refused.output
    # It was tried, and there is no such machine.
    assert allowed.exit_code == 2 and "another machine" not in allowed.output


def test_a_report_names_neither_keys_nor_places_of_this_machine() -> None:
    said = command(["peak", "--key", "secret", "--out", "/home/me/reports", "--key=secret", "--city=/srv/quito"])
    assert said == "scripts/load_test peak --key … --out reports --key=… --city=quito"
    assert "cores" in machine() and "PostgreSQL" in machine() and "/" not in machine()
