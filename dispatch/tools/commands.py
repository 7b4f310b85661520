"""The commands of these tools. Their dependencies are imported only when they run, so the service starts without
them."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import Settings

parishes = typer.Typer(no_args_is_help=True, help="Check or install a layer of parishes.")

CityOption = Annotated[Path | None, typer.Option("--city", help="Folder with the city's data.")]

LayerArgument = Annotated[
    Path, typer.Argument(help="GeoJSON, GeoPackage, Shapefile or a zip of one; any reference system.")
]
CodeOption = Annotated[str | None, typer.Option(help="Field of the layer with the parish code.")]
NameOption = Annotated[str | None, typer.Option(help="Field of the layer with the parish name.")]
KindOption = Annotated[str | None, typer.Option(help="Field of the layer with the kind, urban or rural.")]
PopulationOption = Annotated[str | None, typer.Option(help="Field of the layer with the population.")]
CrsOption = Annotated[
    str | None, typer.Option(help="Reference system, if the file doesn't state it, for example EPSG:32717.")
]
EncodingOption = Annotated[
    str | None, typer.Option(help="Encoding of the names, if the file doesn't state it, for example latin-1.")
]
GapOption = Annotated[float, typer.Option("--gap-width", min=0, help="Metres. Narrower gaps count as drawing errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]

err = Console(stderr=True)
SOMETHING_WRONG, UNUSABLE = 1, 2


def locate(
    file: Annotated[Path, typer.Argument(help="CSV (any delimiter), Parquet, GeoJSON or newline-delimited GeoJSON.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "-o", "--out", help="Output file; its suffix gives the format. Without it, CSV on standard output."
        ),
    ] = None,
    lat_column: Annotated[str | None, typer.Option(help="Column of the latitude, in degrees.")] = None,
    lon_column: Annotated[str | None, typer.Option(help="Column of the longitude, in degrees.")] = None,
    radius_column: Annotated[str | None, typer.Option(help="Column of the uncertainty, in metres.")] = None,
    confidence_column: Annotated[
        str | None, typer.Option(help="Column of the confidence in that radius, 0 to 1; 0.95 where empty.")
    ] = None,
    city: CityOption = None,
) -> None:
    """Find the parish, its probability and the H3 cells of every point in a file of any size.

    Rows that can't be read get the status `unreadable` and a description of the problem. Exit code: 1 if there are
    any, 2 if the file itself can't be used.
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
        # The reader has closed the pipe; otherwise Python would report an error when it flushes.
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
    """Check a layer of parishes and print every fault with its place. Exit code: 1 if there are faults, 2 if the file
    can't be read.

    What is missing in it is taken by code from the layer of --city (default: the city that the service uses), or from
    the range of INEC codes, and printed. Areas are measured in the city's projected system where --city is given, else
    in the UTM zone of the layer."""
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
    city: Annotated[Path, typer.Option("--city", help="Folder of the city that gets the layer; created if new.")],
    code_field: CodeOption = None,
    name_field: NameOption = None,
    kind_field: KindOption = None,
    population_field: PopulationOption = None,
    from_crs: CrsOption = None,
    encoding: EncodingOption = None,
    gap_width_m: GapOption = 10.0,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair what can be repaired, and print what was changed.")
    ] = False,
    accept_remaining: Annotated[
        bool, typer.Option("--accept-remaining", help="Install the layer in spite of its remaining faults.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything except the installation.")] = False,
    json: JsonOption = False,
) -> None:
    """Install a layer of parishes in a city's folder. The previous one is kept as parishes.geojson.before.

    What is missing in the layer (kind, population, the spelling of names in capitals) is taken by code from the
    previous layer, or from the range of INEC codes, and printed. A layer with faults is refused, and so is one with
    which the city can't be loaded. Exit code: 1 if it is refused, 2 if it can't be read or used."""
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
