"""The city's own fleet may say who is aboard, and when."""

import shutil
from pathlib import Path

import pytest

from dispatch.city import CityError, load_city
from dispatch.settings import Settings

QUITO = Settings().city


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(QUITO, tmp_path / "city"))


def write(folder: Path, *rows: str) -> None:
    whole = (folder / "fleet.csv").read_text("utf-8").splitlines()
    rest = [f"{line},," for line in whole[1:]]
    (folder / "fleet.csv").write_text("\n".join([f"{whole[0]},crew,shift", *rest, *rows]), "utf-8")


def test_crew_and_shift_are_read_and_may_be_empty(folder: Path) -> None:
    write(folder, "A77,MSP,ambulance_als,msp-conocoto,,Ana Paz|Luis Vera,07:00-19:00")
    units = {unit.id: unit for unit in load_city(folder).fleet}
    assert units["A77"].crew == ("Ana Paz", "Luis Vera") and units["A77"].shift == "07:00-19:00"
    assert units["P001"].crew == () and units["P001"].shift is None


@pytest.mark.parametrize(
    ("crew", "shift", "problem"),
    [
        ("", "7-19", "fleet.csv: line 164, shift: '7-19' is not a shift such as 07:00-19:00"),
        ("Ana|Ana", "", "fleet.csv: line 164, crew: contains a name twice"),
        (
            "|".join("abcdefghijklmnopqrstu"),
            "",
            "fleet.csv: line 164, crew: has 21 people; the maximum for one unit is 20",
        ),
    ],
)
def test_what_is_no_crew_or_shift_is_told(folder: Path, crew: str, shift: str, problem: str) -> None:
    write(folder, f"A77,MSP,ambulance_als,msp-conocoto,,{crew},{shift}")
    with pytest.raises(CityError) as error:
        load_city(folder)
    assert error.value.problems == (problem,)
