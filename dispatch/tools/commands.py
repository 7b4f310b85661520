"""The commands of these tools. What they need is imported only when they run: the service starts without it."""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from dispatch.settings import Settings

parishes = typer.Typer(no_args_is_help=True, help="The layer of parishes: check one, install another.")

CityOption = Annotated[Path | None, typer.Option("--city", help="Folder of the city's data.")]

err = Console(stderr=True)
SOME_UNREADABLE, UNUSABLE = 1, 2


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
    raise SystemExit(SOME_UNREADABLE if tally.unreadable else 0)


def _folder(city: Path | None) -> Path:
    try:
        return Settings.from_env(city=city).city
    except ValueError as error:
        _fail(error)


def _fail(error: object) -> NoReturn:
    err.print("✗", str(error), style="bold red", highlight=False, markup=False, soft_wrap=True)
    raise SystemExit(UNUSABLE)
