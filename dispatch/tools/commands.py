"""The commands of these tools. What they need is imported only when they run: the service starts without it."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import Settings

parishes = typer.Typer(no_args_is_help=True, help="The layer of parishes: check one, install another.")

CityOption = Annotated[Path | None, typer.Option("--city", help="Folder of the city's data.")]

LayerArgument = Annotated[Path, typer.Argument(help="GeoJSON, GeoPackage, Shapefile or a zip of one; in any system.")]
CodeOption = Annotated[str | None, typer.Option(help="The layer's field with the parish's code.")]
NameOption = Annotated[str | None, typer.Option(help="The layer's field with its name.")]
KindOption = Annotated[str | None, typer.Option(help="The layer's field with its kind, urban or rural.")]
PopulationOption = Annotated[str | None, typer.Option(help="The layer's field with its population.")]
CrsOption = Annotated[str | None, typer.Option(help="Reference system of a file that doesn't say its own: EPSG:32717.")]
EncodingOption = Annotated[str | None, typer.Option(help="Encoding of the names, where the file doesn't say: latin-1.")]
GapOption = Annotated[float, typer.Option("--gap-width", min=0, help="Metres: gaps narrower than that are slips.")]
JsonOption = Annotated[bool, typer.Option("--json", help="On standard output, for a program.")]

err = Console(stderr=True)
SOMETHING_WRONG, UNUSABLE = 1, 2


def locate(
    file: Annotated[Path, typer.Argument(help="CSV (any delimiter), Parquet, GeoJSON or a GeoJSON feature a line.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Its name says the format; without it CSV on standard output.")
    ] = None,
    lat_column: Annotated[str | None, typer.Option(help="Column of the latitude, in degrees.")] = None,
    lon_column: Annotated[str | None, typer.Option(help="Column of the longitude, in degrees.")] = None,
    radius_column: Annotated[str | None, typer.Option(help="Column of the uncertainty, in metres.")] = None,
    confidence_column: Annotated[
        str | None, typer.Option(help="Column of the confidence in that radius, 0 to 1; 0.95 where empty.")
    ] = None,
    city: CityOption = None,
) -> None:
    """The parish, its probability and the H3 cells of every point in a file of any size.

    Rows that can't be read come out with status `unreadable` and what is wrong. Exit code: 1 when there are any,
    2 when the file itself can't be used.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from dispatch.tools.city_layer import parishes_of
    from dispatch.tools.locating import locate_file
    from dispatch.tools.rows import Wanted
    from dispatch.tools.unusable import Unusable

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        with bar:
            task = bar.add_task(file.name, total=None)
            tally = locate_file(
                file,
                out,
                parishes_of(_folder(city)),
                Wanted(lat_column, lon_column, radius_column, confidence_column),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
    except Unusable as error:
        _fail(error)
    except BrokenPipeError:
        # Whoever read us has enough; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    err.print(str(tally), markup=False, soft_wrap=True, highlight=False)
    raise SystemExit(SOMETHING_WRONG if tally.unreadable else 0)


@parishes.command("check")
def check(
    file: LayerArgument,
    city: CityOption = None,
    code_field: CodeOption = None,
    name_field: NameOption = None,
    kind_field: KindOption = None,
    population_field: PopulationOption = None,
    from_crs: CrsOption = None,
    encoding: EncodingOption = None,
    gap_width_m: GapOption = 10.0,
    json: JsonOption = False,
) -> None:
    """What is wrong with a layer of parishes, and where. Exit code: 1 when anything is, 2 when it can't be read.

    What it lacks is taken by code from the layer of --city (left out: of the city that the service uses), or from the
    range of its INEC codes, and said. Areas are measured in the city's projected system where --city is given, else in
    the UTM zone of the layer."""
    from dispatch.tools.city_layer import crs_of
    from dispatch.tools.faults import wrong
    from dispatch.tools.layer_check import check_layer
    from dispatch.tools.layer_file import Fields, read_layer_file
    from dispatch.tools.layer_import import complete_from
    from dispatch.tools.report import as_json, console_for_tables, print_faults, print_taken
    from dispatch.tools.unusable import Unusable

    fields = Fields(code_field, name_field, kind_field, population_field)
    try:
        metres = crs_of(city) if city else None
        layer, found = read_layer_file(file, fields, metres=metres, from_crs=from_crs, encoding=encoding)
    except Unusable as error:
        _fail(error)
    layer, taken = complete_from(layer, _folder(city))
    faults = check_layer(layer, found, gap_width_m=gap_width_m)
    if json:
        print(as_json(faults, file=str(file), features=len(layer.features), crs=layer.projection.crs, taken=taken))
    else:
        print_taken(taken, console_for_tables())
        print_faults(faults, console_for_tables())
    raise SystemExit(SOMETHING_WRONG if wrong(faults) else 0)


@parishes.command("import")
def import_(
    file: LayerArgument,
    city: Annotated[Path, typer.Option("--city", help="Folder of the city that gets the layer; made where it is new.")],
    code_field: CodeOption = None,
    name_field: NameOption = None,
    kind_field: KindOption = None,
    population_field: PopulationOption = None,
    from_crs: CrsOption = None,
    encoding: EncodingOption = None,
    gap_width_m: GapOption = 10.0,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended, and say what was changed.")
    ] = False,
    accept_remaining: Annotated[
        bool, typer.Option("--accept-remaining", help="Install it with the faults that it still has.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do all but install it.")] = False,
    json: JsonOption = False,
) -> None:
    """Install a layer of parishes into a city's folder, which keeps the one before as parishes.geojson.before.

    What the layer lacks (kind, population, the spelling of names in capitals) is taken by code from the layer in place,
    or from the range of its INEC codes, and said. A layer with faults is refused, and one with which the city would not
    load. Exit code: 1 when it is refused,
    2 when it can't be read or used."""
    from dispatch.tools.city_layer import crs_of
    from dispatch.tools.faults import wrong
    from dispatch.tools.layer_file import Fields, read_layer_file
    from dispatch.tools.layer_import import import_layer
    from dispatch.tools.report import print_import
    from dispatch.tools.unusable import Unusable

    fields = Fields(code_field, name_field, kind_field, population_field)
    try:
        layer, found = read_layer_file(file, fields, metres=crs_of(city), from_crs=from_crs, encoding=encoding)
        imported = import_layer(
            layer,
            found,
            city,
            repair=repair,
            gap_width_m=gap_width_m,
            accept_remaining=accept_remaining,
            dry_run=dry_run,
            reference=_folder(None),
        )
    except Unusable as error:
        _fail(error)
    print_import(imported, json=json)
    raise SystemExit(SOMETHING_WRONG if wrong(imported.remaining) and not imported.installed else 0)


def _folder(city: Path | None) -> Path:
    try:
        return Settings.from_env(city=city).city
    except ValueError as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print("✗", str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(UNUSABLE)
