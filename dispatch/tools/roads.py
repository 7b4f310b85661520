"""`dispatch roads`: build a street network from a map, or describe one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import Settings

if TYPE_CHECKING:
    from geo import RoadNetwork

roads = typer.Typer(no_args_is_help=True, help="Build a street network from OpenStreetMap, or describe one.")

CityOption = Annotated[Path | None, typer.Option("--city", help="Folder with the city's data.")]

out, err = Console(), Console(stderr=True)


@roads.command("build")
def build(
    file: Annotated[Path, typer.Argument(help="OpenStreetMap extract that contains the city: FILE.osm.pbf")],
    to: Annotated[Path | None, typer.Option("-o", "--out", help="Output file (default: FILE.roads.npz).")] = None,
    city: CityOption = None,
) -> None:
    """Build a file for DISPATCH_ROADS from the roads in and around the city."""
    from dispatch.tools.city_layer import parishes_of
    from dispatch.tools.unusable import Unusable
    from dispatch.travel.osm import OsmError
    from dispatch.travel.osm_network import build_network
    from dispatch.travel.roads_file import RoadsFile, save_roads
    from geo.road_network import PROFILES
    from geo.roads import contraction_of

    to = to or file.with_name(f"{file.name.removesuffix('.pbf').removesuffix('.osm')}.roads.npz")
    try:
        parishes = parishes_of(_settings(city).city)
        with err.status(f"Reading the roads of {file.name}", spinner="dots"):
            built = build_network(file, bounds=parishes.bounds, projection=parishes.projection)
            made = RoadsFile(built.network, {p: contraction_of(built.network, p) for p in PROFILES})
        save_roads(to, made)
    except (OsmError, Unusable) as error:
        _fail(error)
    except OSError as error:
        _fail(f"{to} can't be written: {error.strerror or error}")
    out.print(f"{to}: {to.stat().st_size / 1e6:.1f} MB", highlight=False, soft_wrap=True)
    out.print(f"left out, not reachable both ways: {built.dropped_nodes:,} nodes, {built.dropped_km:,.1f} km")
    _tell(built.network, city)


@roads.command("info")
def info(
    file: Annotated[Path, typer.Argument(help="File made by `dispatch roads build`.")], city: CityOption = None
) -> None:
    """Describe a street network: its contents, reference speed and detour factor."""
    from dispatch.travel.roads_file import load_roads
    from dispatch.travel.unusable import RoadsFileError

    try:
        network = load_roads(file).network
    except RoadsFileError as error:
        _fail(error)
    _tell(network, city)


def _tell(network: "RoadNetwork", city: Path | None) -> None:
    from rich.table import Table

    from dispatch.tools.city_layer import DEFAULT_CRS, crs_of
    from geo import PROFILES, Projection, measure

    projection = Projection(crs_of(_settings(city).city) or DEFAULT_CRS)
    west, south, east, north = network.bounds
    about = Table(show_header=False, box=None)
    for name, value in network.about.items():
        about.add_row(name, value)
    about.add_row("from, to", f"{south:.4f} {west:.4f}, {north:.4f} {east:.4f}")
    about.add_row("nodes", f"{network.nodes:,}")
    about.add_row("streets", f"{network.streets:,}")
    about.add_row("length", f"{network.metres.sum(dtype=float) / 1_000:,.1f} km")
    out.print(about, highlight=False)
    measured = Table("profile", "main part", "arcs", "reference_kmh", "detour", "over pairs")
    for profile in PROFILES:
        found, arcs = measure(network, projection, profile), network.arcs(profile)
        main = f"{int(network.main_part(profile).sum()):,} nodes"
        row = (profile, main, f"{len(arcs.tail):,}", f"{network.paces[profile].reference_kmh:.1f}")
        measured.add_row(*row, f"{found.detour:.3f}", f"{found.pairs:,}")
    out.print(measured, highlight=False)
    out.print(
        "To calibrate straight-line times, set DISPATCH_DETOUR to the detour of the profile in use.", highlight=False
    )


def _settings(city: Path | None) -> Settings:
    try:
        return Settings.from_env(city=city)
    except ValueError as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print("✗", str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(1)
