"""How fast: the nearest units, positions taken in, who should go. Processor time, beside peers in the same run.

A machine that does other work makes all of them slower alike: what counts then is how they compare."""

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
    sections: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(SECTIONS)}; left out: all.")] = None,
    checks: Annotated[int, typer.Option(min=1, help="How often the index is compared with measuring all.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=2, help="How often each of the 20,000 units tells its position.")] = 20,
    city: Annotated[Path, typer.Option(envvar="DISPATCH_CITY", help="Folder of the city's data.")] = QUITO,
) -> None:
    """How fast units are found, positions taken in and recommendations made."""
    console = Console(width=140)
    chosen, quito = sections or list(SECTIONS), load_city(city)
    if unknown := set(chosen) - set(SECTIONS):
        console.print(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
        raise typer.Exit(2)
    console.print(machine())
    if "index" in chosen:
        show(console, "Nearest units", index(quito, checks))
    if "ingestion" in chosen:
        show(console, "Positions taken in", ingestion(quito, rounds))
    if "recommendation" in chosen:
        show(console, "Who should go", recommendation(quito))


if __name__ == "__main__":
    typer.run(main)
