import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dispatch.city import CityError, load_city
from dispatch.model.city import City

QUITO = Path(__file__).parents[2] / "data" / "quito"


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(QUITO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(QUITO, tmp_path / "city"))


@pytest.fixture
def no_parishes(folder: Path) -> Path:
    """The rest is checked all the same, and it saves building the index of parishes in every case."""
    (folder / "parishes.geojson").unlink()
    return folder


def problems(folder: Path) -> tuple[str, ...]:
    with pytest.raises(CityError) as caught:
        load_city(folder)
    return caught.value.problems


def edit(folder: Path, name: str, change: Callable[[Any], None]) -> None:
    path = folder / name
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def append(folder: Path, name: str, line: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def lines_of(folder: Path, name: str) -> int:
    return len((folder / name).read_text("utf-8").splitlines())


def test_quito_has_what_a_dispatch_room_needs(quito: City) -> None:
    assert len(quito.services) == 7
    assert 60 <= len(quito.natures) <= 80
    assert len(quito.parishes) == 65
    assert len(quito.fleet) == 162
    assert quito.nature("structure_fire").es == "Incendio estructural"
    assert quito.agency("AMT").letter == "T"
    assert quito.station("cbq-cumbaya").name == "Bomberos Cumbayá"
    assert quito.service("health").es == "Gestión Sanitaria"
    assert quito.kind("ambulance_als").capabilities == ("als", "bls", "transport")


def test_the_police_are_the_largest_part_of_the_fleet(quito: City) -> None:
    of_police = sum(unit.agency == "PN" for unit in quito.fleet)
    assert all(sum(unit.agency == agency.code for unit in quito.fleet) <= of_police for agency in quito.agencies)


def test_a_unit_has_the_capabilities_of_its_kind_unless_it_names_its_own(folder: Path) -> None:
    append(folder, "fleet.csv", "A77,MSP,ambulance_als,msp-conocoto,bls rescue")
    units = {unit.id: unit for unit in load_city(folder).fleet}
    assert units["A77"].capabilities == ("bls", "rescue")
    assert units["P001"].capabilities == ("patrol",)


def test_stations_stand_where_people_live(quito: City) -> None:
    homes = {
        parish.code
        for station in quito.stations
        if (parish := quito.parishes.find(station.lat, station.lon)) is not None
    }
    covered = sum(parish.population for parish in quito.parishes if parish.code in homes)
    assert covered / sum(parish.population for parish in quito.parishes) > 0.95


def test_a_spreadsheet_s_byte_order_mark_is_not_part_of_the_first_column(folder: Path) -> None:
    path = folder / "fleet.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(load_city(folder).fleet) == 162


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        (
            "natures.json",
            lambda rows: rows[0].update(priority=9),
            "natures.json: item 1 (robbery_in_progress), priority: must be 1 to 5, not 9",
        ),
        (
            "natures.json",
            lambda rows: rows[0].update(priority=True),
            "natures.json: item 1 (robbery_in_progress), priority: Expected `int`, got `bool`, not 'True'",
        ),
        (
            "natures.json",
            lambda rows: rows[1].pop("es"),
            "natures.json: item 2 (robbery_person), es: is missing",
        ),
        (
            "natures.json",
            lambda rows: rows[1].update(colour="red"),
            "natures.json: item 2 (robbery_person), colour: is not a known field",
        ),
        (
            "natures.json",
            lambda rows: rows[1].update(code=rows[0]["code"]),
            "natures.json: item 2 (robbery_in_progress), code: 'robbery_in_progress' appears twice",
        ),
        (
            "natures.json",
            lambda rows: rows[0].update(service="magic"),
            "natures.json: item 1 (robbery_in_progress), service: 'magic' is not in services.json",
        ),
        (
            "natures.json",
            lambda rows: rows[0]["needs"].append({"capability": "helicopter", "count": 1}),
            "natures.json: item 1 (robbery_in_progress), needs: 1 of 'helicopter', and 0 unit(s) of the fleet have it",
        ),
        (
            "natures.json",
            lambda rows: rows[0]["needs"][0].update(count=500),
            "natures.json: item 1 (robbery_in_progress), needs: 500 of 'patrol', and 73 unit(s) of the fleet have it",
        ),
        (
            "services.json",
            lambda rows: rows[0].update(share=0.1),
            "services.json: all services, share: add up to 0.4245, not 1",
        ),
        (
            "services.json",
            lambda rows: rows[0].update(half_life_s=0),
            "services.json: item 1 (citizen_security), half_life_s: must be above 0, not 0",
        ),
        (
            "families.json",
            lambda rows: rows[0]["natures"].append("dragon"),
            "families.json: item 1 (crash), natures: 'dragon' is not in natures.json",
        ),
        (
            "services.json",
            lambda rows: rows.append("health"),
            "services.json: item 8: must be an object",
        ),
        (
            "agencies.json",
            lambda rows: rows[0].update(speed_kmh=0),
            "agencies.json: item 1 (PN), speed_kmh: must be above 0 and at most 200, not 0",
        ),
        (
            "agencies.json",
            lambda rows: rows[0].update(letter="PN"),
            "agencies.json: item 1 (PN), letter: must be one letter, not 'PN'",
        ),
        (
            "kinds.json",
            lambda rows: rows[0].update(agency="XX"),
            "kinds.json: item 1 (patrol_car), agency: 'XX' is not in agencies.json",
        ),
        ("city.json", lambda head: head.update(timezone="Mars/Olympus"), "city.json: timezone: 'Mars/Olympus' is not"),
        ("city.json", lambda head: head.update(crs="EPSG:4326"), "city.json: crs: 'EPSG:4326' is not projected in"),
        ("city.json", lambda head: head.update(crs="EPSG:x"), "city.json: crs: 'EPSG:x' is not a known reference"),
        (
            "city.json",
            lambda head: head.update(grids=[{"name": "X", "crs": "EPSG:4326"}]),
            "city.json: grids: 'EPSG:4326' is not projected in",
        ),
    ],
)
def test_what_is_wrong_in_a_json_file_is_told_by_item_and_field(
    no_parishes: Path, name: str, change: Callable[[Any], None], problem: str
) -> None:
    edit(no_parishes, name, change)
    assert any(found.startswith(problem) for found in problems(no_parishes)), problems(no_parishes)


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("fleet.csv", "P001,PN,patrol_car,pn-guamani,", "id: 'P001' appears twice"),
        ("fleet.csv", "X1,PN,submarine,pn-guamani,", "kind: 'submarine' is not in kinds.json"),
        ("fleet.csv", "X1,PN,patrol_car,pn-moon,", "station: 'pn-moon' is not in stations.csv"),
        ("fleet.csv", "X1,PN,engine,pn-guamani,", "kind: 'engine' belongs to CBQ, not to PN"),
        ("fleet.csv", "X1,PN,patrol_car,pn-guamani,levitation", "capabilities: 'levitation' is not in kinds.json"),
        ("fleet.csv", ",PN,patrol_car,pn-guamani,", "id: is empty"),
        ("hospitals.csv", "x,Nowhere,north,-78.5", "lat: Expected `float`, got `str`, not 'north'"),
        ("hospitals.csv", "x,Nowhere,nan,-78.5", "lat: must be a finite number, not nan"),
        ("hospitals.csv", "x,Nowhere,95,-78.5", "lat: 95.0, -78.5 is not a valid latitude and longitude"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_by_line_and_column(
    no_parishes: Path, name: str, line: str, problem: str
) -> None:
    append(no_parishes, name, line)
    assert f"{name}: line {lines_of(no_parishes, name)}, {problem}" in problems(no_parishes)


def test_a_station_outside_the_city_is_told(folder: Path) -> None:
    append(folder, "stations.csv", "x,PN,Guayaquil,-2.19,-79.88")
    append(folder, "stations.csv", "y,PN,Swapped,-78.5,-0.2")
    last = lines_of(folder, "stations.csv")
    assert problems(folder) == (
        f"stations.csv: line {last - 1}, lat: -2.19, -79.88 is in no parish of this city",
        f"stations.csv: line {last}, lat: -78.5, -0.2 is in no parish of this city",
    )


def test_every_problem_is_told_at_once(folder: Path) -> None:
    append(folder, "fleet.csv", "X1,XX,submarine,pn-moon,")
    append(folder, "hospitals.csv", "x,Nowhere,95")
    (folder / "services.json").unlink()
    (folder / "agencies.json").write_bytes('[\n{"es": "Polic\xeda"}]'.encode("latin-1"))
    (folder / "kinds.json").write_text('[{"code": "a",]', "utf-8")
    edit(folder, "parishes.geojson", lambda layer: layer["features"][2]["properties"].pop("name"))
    told = problems(folder)
    line = lines_of(folder, "hospitals.csv")
    assert "services.json: can't be read: No such file or directory" in told
    assert "agencies.json: line 2: is not UTF-8 (byte 0xed)" in told
    assert any(problem.startswith("kinds.json: line 1 column 15: is not valid JSON") for problem in told)
    assert f"hospitals.csv: line {line}: has 3 values for 4 columns" in told
    assert any(problem.startswith("parishes.geojson: ") and "name" in problem for problem in told)


def test_a_missing_column_is_told_once_and_not_for_every_line(folder: Path) -> None:
    path = folder / "stations.csv"
    path.write_text(path.read_text("utf-8").replace("id,agency,name,lat,lon", "id,agency,title,lat,lon"), "utf-8")
    told = [problem for problem in problems(folder) if problem.startswith("stations.csv")]
    assert told == ["stations.csv: line 1, name: the column is missing"]


def test_an_invalid_polygon_is_told_by_its_feature(folder: Path) -> None:
    def cross(layer: Any) -> None:
        layer["features"][4]["geometry"]["coordinates"] = [
            [[-78.5, -0.1], [-78.4, -0.2], [-78.4, -0.1], [-78.5, -0.2], [-78.5, -0.1]]
        ]

    edit(folder, "parishes.geojson", cross)
    assert any(problem.startswith("parishes.geojson: ") for problem in problems(folder))


def test_an_empty_file_is_told(folder: Path) -> None:
    (folder / "hospitals.csv").write_text("id,name,lat,lon\n", "utf-8")
    (folder / "services.json").write_text("[]", "utf-8")
    assert problems(folder) == ("services.json: holds nothing", "hospitals.csv: holds nothing")


def test_a_folder_that_is_not_there_names_its_files(tmp_path: Path) -> None:
    told = problems(tmp_path / "nowhere")
    assert len(told) == 9
    assert all("can't be read" in problem for problem in told)


def test_shared_numbers_are_read_as_callers_numbers_are(folder: Path) -> None:
    (folder / "shared_numbers.csv").write_text("number,name\n(02) 222-0006,Hospital\n1800,Nobody\n", "utf-8")
    assert problems(folder) == ("shared_numbers.csv: line 3, number: '1800' is not a number that can be called back",)
    (folder / "shared_numbers.csv").write_text("number,name\n(02) 222-0006,Hospital\n", "utf-8")
    assert load_city(folder).shared_numbers == {"+59322220006"}
