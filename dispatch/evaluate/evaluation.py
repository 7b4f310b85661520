"""The whole evaluation: streets, places, days under every policy, and the output."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dispatch.evaluate.places import places_of
from dispatch.evaluate.policies import BEST, policies_of
from dispatch.evaluate.report import Report
from dispatch.evaluate.resting import at_rest
from dispatch.evaluate.study import EAGERNESS, Load, Study, eager, study_of
from dispatch.model.city import City
from dispatch.settings import Settings
from dispatch.travel.generated import generate_network
from dispatch.travel.local import local_travel
from geo import Projection, Roads, TravelTime

SHOWN = ("line", "road", "coverage", BEST)
PLACES_STEPS = 40
Progress = Callable[[str, float], None]
"""The current step, and how many steps were completed."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """`typical` is one of the loads of `study`; `sweep` is of the best policy there, with different thresholds for
    moves."""

    study: Study
    sweep: Study
    typical: Load
    about_roads: str


def evaluate_city(
    city: City, loads: Sequence[Load], *, typical: str, seed: int, roads: Path | None, nodes: int, progress: Progress
) -> Evaluation:
    """Raises TravelError for a file of roads that can't be used."""
    progress("streets", 0)
    travel, about = _streets(city, seed=seed, roads=roads, nodes=nodes)
    places = places_of(city, travel, progress=lambda part: progress("ways", part * PLACES_STEPS))
    policies = policies_of(city)
    study = study_of(city, places, policies=policies, loads=loads, seed=seed, progress=lambda doing: progress(doing, 1))
    load = next(load for load in loads if load.name == typical)
    sweep = study_of(
        city,
        places,
        policies=eager(next(p for p in policies if p.code == BEST)),
        loads=(replace(load, days=_sweep_days(load)),),
        seed=seed,
        progress=lambda doing: progress(f"moves, {doing}", 1),
    )
    return Evaluation(study, sweep, load, about)


def steps(city: City, loads: Sequence[Load], *, typical: str) -> float:
    """The number of steps that `evaluate_city` will report."""
    sweep = sum(_sweep_days(load) for load in loads if load.name == typical)
    return PLACES_STEPS + sum(load.days for load in loads) * len(policies_of(city)) + sweep * len(EAGERNESS)


def write(found: Evaluation, out: Path, *, target_s: float, command: str) -> None:
    """Write report.md and its plots. Needs matplotlib, an optional dependency."""
    from dispatch.evaluate import plots

    out.mkdir(parents=True, exist_ok=True)
    report = Report(found.study, found.typical, target_s, found.about_roads, command)
    (out / "report.md").write_text(report.text(), encoding="utf-8")
    load = found.typical.name
    plots.late_by_load(found.study, out / "late_by_load.png", target_s=target_s)
    plots.response_times(found.study, load, out / "response_times.png", target_s=target_s, codes=SHOWN)
    plots.coverage_map(found.study, at_rest(found.study.city, found.study.places), out / "coverage.png")
    still = found.study.outcomes[load]["coverage"][: found.sweep.loads[0].days]
    plots.moves_and_gain(found.sweep, found.sweep.loads[0], still, out / "moves.png", target_s=target_s)


def _sweep_days(load: Load) -> int:
    return max(2, load.days // 3)


def _streets(city: City, *, seed: int, roads: Path | None, nodes: int) -> tuple[TravelTime, str]:
    if roads is not None:
        return local_travel(Settings(roads=roads), city), f"routes on the roads of `{roads.name}`"
    network = generate_network(city, nodes=nodes, seed=seed)
    return Roads(network, Projection(city.crs)), f"routes on {network.nodes:,} generated crossings"
