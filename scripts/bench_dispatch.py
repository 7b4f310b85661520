"""Benchmarks of unit search, position ingestion and recommendation. Processor time, with peers in the same run.

Other work on the machine slows all of them alike: compare the ratios."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dispatch.city import load_city
from scripts.benches.index import index
from scripts.benches.ingestion import ingestion
from scripts.benches.measure import machine, show
from scripts.benches.recommendation import recommendation

QUITO = Path(__file__).resolve().parents[1] / "data" / "quito"
SECTIONS = ("index", "ingestion", "recommendation")


def main(
    sections: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(SECTIONS)}; default: all.")] = None,
    checks: Annotated[
        int, typer.Option(min=1, help="Number of comparisons of the index with an exhaustive search.")
    ] = 20_000,
    rounds: Annotated[int, typer.Option(min=2, help="Number of positions that each of the 20,000 units sends.")] = 20,
    city: Annotated[Path, typer.Option(envvar="DISPATCH_CITY", help="Folder with the city's data.")] = QUITO,
) -> None:
    """Benchmark unit search, position ingestion and recommendation."""
    console = Console(width=140)
    chosen, quito = sections or list(SECTIONS), load_city(city)
    if unknown := set(chosen) - set(SECTIONS):
        console.print(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        raise typer.Exit(2)
    console.print(machine())
    if "index" in chosen:
        show(console, "Nearest units", index(quito, checks))
    if "ingestion" in chosen:
        show(console, "Positions ingested", ingestion(quito, rounds))
    if "recommendation" in chosen:
        show(console, "Recommendation", recommendation(quito))


if __name__ == "__main__":
    typer.run(main)
