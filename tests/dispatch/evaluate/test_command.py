"""`dispatch evaluate` from the first street to the last plot, on days so quiet that it is soon over."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatch.cli import app
from dispatch.evaluate import command

PLOTS = ("late_by_load.png", "response_times.png", "coverage.png", "moves.png")


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    return result.exit_code, result.output


@pytest.mark.timeout(600)
def test_a_report_and_its_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LOADS", {"light": 20.0, "typical": 60.0})
    out = tmp_path / "made" / "here"
    code, output = run("--days", "2", "--seed", "4", "--nodes", "800", "--out", str(out))
    assert code == 0, output
    text = (out / "report.md").read_text(encoding="utf-8")
    assert f"dispatch evaluate --days 2 --seed 4 --out {out} --nodes 800" in text
    for policy in ("closest by line", "closest by road", "coverage-aware", "coverage-aware, move-up to any station"):
        assert text.count(f"| {policy} |") >= 3
    assert "## Light: 20 incidents a day, 2 days" in text and "## Typical: 60 incidents a day, 2 days" in text
    assert "nan" not in text
    for plot in PLOTS:
        assert f"({plot})" in text
        assert (out / plot).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--load", "insane"], "no load insane"),
        (["--city", "nowhere"], "nowhere"),
        (["--roads", "nowhere.roads"], "nowhere.roads"),
    ],
)
def test_what_cant_be_used_is_said(tmp_path: Path, arguments: list[str], said: str) -> None:
    code, output = run("--days", "2", "--out", str(tmp_path), *arguments)
    assert code == 2
    assert said in output.replace("\n", "")
    assert not list(tmp_path.iterdir())
