"""Injects faults under load, one after the other, and reports their effect and whether every promise was kept."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from random import Random
from time import perf_counter

import msgspec
from rich.console import Console
from rich.table import Table

from dispatch.city import load_city
from dispatch.model.city import City
from dispatch.settings import PROJECT
from scripts.fault_runs.cluster import Cluster, cluster
from scripts.fault_runs.disk import NoDisk
from scripts.fault_runs.faults import FAULTS, ON_SMALL_DISK, Fault
from scripts.fault_runs.rounds import CALLS_PER_S, Outcome, play
from scripts.open_files import allow_open_files

console = Console(highlight=False, soft_wrap=True)

COLUMNS = ("fault", "rounds", "calls", "acknowledged", "repeated", "unavailable ms", "waited ms", "violations")


async def run(asked: Namespace) -> list[Outcome]:
    """Each fault once, or for so many minutes in random order."""
    city = load_city(PROJECT / "data" / "quito")
    random = Random(asked.seed)
    outcomes: list[Outcome] = []
    named = {**FAULTS, **ON_SMALL_DISK}
    wanted = [named[name] for name in asked.only or named]
    if on_disk := [fault for fault in wanted if fault in FAULTS.values()]:
        async with cluster() as one:
            outcomes += await _rounds(one, city, on_disk, random, asked)
    if on_small := [fault for fault in wanted if fault in ON_SMALL_DISK.values()]:
        try:
            async with cluster(small_disk=True) as small:
                outcomes += await _rounds(small, city, on_small, random, asked)
        except NoDisk as error:
            console.print(f"disk_full left out: {error}")
    return outcomes


async def _rounds(one: Cluster, city: City, faults: list[Fault], random: Random, asked: Namespace) -> list[Outcome]:
    outcomes: list[Outcome] = []
    share = len(faults) / len(asked.only or (*FAULTS, *ON_SMALL_DISK))
    until_s = perf_counter() + asked.minutes * 60 * share
    while not outcomes or (asked.minutes and perf_counter() < until_s):
        for fault in random.sample(faults, len(faults)) if asked.minutes else faults:
            seed = random.getrandbits(32)
            outcomes.append(await play(one, city, fault, seed=seed, calls_per_s=asked.rate))
            tell(outcomes[-1], seed)
            if outcomes[-1].violations and asked.keep:
                keep(outcomes[-1], one, asked.keep / f"{fault.__name__}-{seed}")
    return outcomes


def tell(outcome: Outcome, seed: int) -> None:
    verdict = f"[red]{len(outcome.violations)} violations[/]" if outcome.violations else "[green]kept[/]"
    console.print(
        f"{outcome.fault:20} {outcome.calls:5} calls, {outcome.acknowledged:5} acknowledged, {outcome.repeated:4} "
        f"repeated; unavailable {outcome.unavailable_ms:7.0f} ms, longest wait {outcome.waited_ms:7.0f} ms; "
        f"{len(outcome.history.deeds):4} acts, screens resumed {outcome.resumed:2}; {verdict}  [dim]seed {seed}[/]"
    )
    for violation in outcome.violations[:20]:
        console.print(f"    {violation}", style="red", markup=False)


def keep(outcome: Outcome, one: Cluster, folder: Path) -> None:
    """The logs of clients and nodes, for debugging."""
    folder.mkdir(parents=True)
    (folder / "sent.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, outcome.history.sent)))
    (folder / "deeds.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, outcome.history.deeds)))
    (folder / "told.json").write_bytes(msgspec.json.encode(outcome.history.told))
    (folder / "journal.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, outcome.history.events)))
    (folder / "violations.txt").write_text("\n".join(outcome.violations))
    for log in one.folder.glob("*.log"):
        (folder / log.name).write_bytes(log.read_bytes())


def summary(outcomes: list[Outcome]) -> Table:
    table = Table(*COLUMNS, box=None)
    for name in dict.fromkeys(outcome.fault for outcome in outcomes):
        these = [outcome for outcome in outcomes if outcome.fault == name]
        table.add_row(
            name,
            str(len(these)),
            *(str(sum(getattr(one, what) for one in these)) for what in ("calls", "acknowledged", "repeated")),
            *(f"{max(getattr(one, what) for one in these):.0f}" for what in ("unavailable_ms", "waited_ms")),
            str(sum(len(one.violations) for one in these)),
        )
    return table


def arguments() -> Namespace:
    parser = ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="run for ten minutes, or as --minutes says")
    parser.add_argument("--minutes", type=float, default=0.0, help="repeat each fault for so many minutes")
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the random choices; the order of events still varies"
    )
    parser.add_argument(
        "--only", action="append", choices=[*FAULTS, *ON_SMALL_DISK], help="run only this fault; may be repeated"
    )
    parser.add_argument("--rate", type=float, default=CALLS_PER_S, help="calls per second")
    parser.add_argument("--keep", type=Path, help="folder for the logs of rounds with a violation")
    asked = parser.parse_args()
    asked.minutes = asked.minutes or (10.0 if asked.long else 0.0)
    return asked


def main() -> int:
    asked = arguments()
    allow_open_files()
    outcomes = asyncio.run(run(asked))
    console.print()
    console.print(summary(outcomes))
    broken = sum(len(outcome.violations) for outcome in outcomes)
    console.print(f"\n{len(outcomes)} rounds, {broken} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
