import pytest
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.simulation.service import is_loopback


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:9", "https://127.9.9.9"])
def test_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ["http://192.168.1.5:8000", "https://ecu911.example", "http://127.0.0.1.example", "x"])
def test_another_machine(url: str) -> None:
    assert not is_loopback(url)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--url", "http://192.0.2.7:8000", "--key", "k"], "another machine"),
        ([], "No API key"),
        (["--key", "k", "--patience", "9", "1"], "--patience"),
        (["--key", "k", "--city", "/nowhere"], "city.json"),
        (["--key", "secret-one", "--url", "http://127.0.0.1:9", "--duration", "1"], "No service answers"),
    ],
)
def test_what_cannot_begin_says_why_and_shows_no_key(arguments: list[str], why: str) -> None:
    result = CliRunner().invoke(
        app, ["simulate", *arguments], env={"DISPATCH_KEY": "", "DISPATCH_BOOTSTRAP_KEY": "", "COLUMNS": "200"}
    )
    assert result.exit_code == 2
    assert why in result.output
    assert "secret-one" not in result.output
