"""A street network on disk: what was written is what is read, and nothing else is taken for one."""

from pathlib import Path

import numpy as np
import pytest

from dispatch.city import load_city
from dispatch.model.city import City
from dispatch.settings import PROJECT
from dispatch.travel.generated import generate_network
from dispatch.travel.roads_file import RoadsFile, load_roads, save_roads
from dispatch.travel.unusable import RoadsFileError
from geo import PROFILES, Point, Roads
from geo.roads import contraction_of


@pytest.fixture(scope="module")
def quito() -> City:
    return load_city(PROJECT / "data" / "quito")


@pytest.fixture(scope="module")
def made(quito: City) -> RoadsFile:
    network = generate_network(quito, nodes=1_500, seed=3)
    return RoadsFile(network, {profile: contraction_of(network, profile) for profile in PROFILES})


@pytest.fixture(scope="module")
def file(made: RoadsFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("roads") / "quito.roads.npz"
    save_roads(where, made)
    return where


def test_what_was_written_is_read(made: RoadsFile, file: Path, quito: City) -> None:
    read = load_roads(file)
    assert read.network.about == made.network.about
    for name in ("lat", "lon", "start", "end", "bend_first", "bend_lat", "bend_lon", "metres"):
        assert np.array_equal(getattr(read.network, name), getattr(made.network, name)), name
    units, targets = made.network.lat[:40], [Point(made.network.lat[i], made.network.lon[i]) for i in range(50, 60)]
    for profile in PROFILES:
        before = Roads(made.network, quito.parishes.projection, profile)
        after = Roads(read.network, quito.parishes.projection, profile, contraction=read.contractions[profile])
        place = units, made.network.lon[:40]
        expected = before.seconds(*place, targets, speed_kmh=36.0)
        assert np.array_equal(after.seconds(*place, targets, speed_kmh=36.0), expected)


def test_only_what_is_asked_for_is_read(file: Path) -> None:
    assert set(load_roads(file, "car").contractions) == {"car"}


def test_nothing_half_written_is_left(made: RoadsFile, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        save_roads(tmp_path / "taken", made)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("part", [0, 1, 100, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(file: Path, tmp_path: Path, part: float) -> None:
    whole = file.read_bytes()
    cut = tmp_path / "cut.npz"
    cut.write_bytes(whole[: int(part * len(whole)) if 0 < part < 1 else int(part)])
    with pytest.raises(RoadsFileError, match="is not a file made by"):
        load_roads(cut)


@pytest.mark.parametrize("where", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_file_is_refused(file: Path, tmp_path: Path, where: float) -> None:
    broken = bytearray(file.read_bytes())
    at = int(where * len(broken))
    broken[at : at + 64] = bytes(byte ^ 0xFF for byte in broken[at : at + 64])
    (tmp_path / "broken.npz").write_bytes(broken)
    with pytest.raises(RoadsFileError, match="damaged"):
        load_roads(tmp_path / "broken.npz")


def test_other_things_are_not_taken_for_roads(tmp_path: Path) -> None:
    text, one, other, objects = (tmp_path / name for name in ("text.npz", "one.npy", "other.npz", "objects.npz"))
    text.write_text("name,lat,lon\n")
    np.save(one, np.arange(3))
    np.savez(other, version=np.array(1), lat=np.arange(3))
    np.savez(objects, version=np.array(["a", None], dtype=object))
    for wrong in (text, one, other, objects):
        with pytest.raises(RoadsFileError, match="is not a file made by"):
            load_roads(wrong)
    with pytest.raises(RoadsFileError, match="No such file"):
        load_roads(tmp_path / "missing.npz")
    with pytest.raises(RoadsFileError, match="directory"):
        load_roads(tmp_path)


def test_a_newer_format_says_so(file: Path, tmp_path: Path) -> None:
    with np.load(file) as arrays:
        np.savez(tmp_path / "newer.npz", **{**arrays, "version": np.array(99)})
    with pytest.raises(RoadsFileError, match="version 99"):
        load_roads(tmp_path / "newer.npz")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("end", np.array([10**6], np.int32)),
        ("emergency.forward", np.array([1.0, -1.0], np.float32)),
        ("emergency.out.other", np.array([10**6], np.int32)),
        ("car.level", np.zeros(3, np.int16)),
        ("metres", np.array(["a"])),
        ("lat", np.array([0.5])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(file: Path, tmp_path: Path, name: str, value: np.ndarray) -> None:
    with np.load(file) as arrays:
        np.savez(tmp_path / "odd.npz", **{**arrays, name: value})
    with pytest.raises(RoadsFileError, match="damaged"):
        load_roads(tmp_path / "odd.npz")
