"""One crew: it receives its unit's status from the service, drives, works and decides which status to report next."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from random import Random
from typing import Any

from dispatch.model.city import Agency
from dispatch.simulation.driving import Place, Vehicle

# Median minutes at the scene by service of the incident, and at the hospital until the patient is taken over.
WORK_MIN = {"citizen_security": 8, "traffic": 12, "health": 10, "municipal": 15, "fire_rescue": 25}
OTHER_WORK_MIN = 20
HANDOVER_MIN = 9
WORK_SPREAD = 0.4
TRANSPORTED = 0.65
# Turnout as a part of the agency's mobilisation time, and one trip's speed as a part of the usual: lognormal, as
# measured elsewhere; the figures are assumptions.
TURNOUT_MEDIAN, TURNOUT_SPREAD = 0.85, 0.4
TRIP_SPREAD = 0.2
SEARCH_MIN = 4.0
"""How long a crew looks for an incident without a place."""
PATROL_SPEED = 0.5
PATROL_M = 900.0
ASK_AGAIN_S = 15.0


@dataclass(frozen=True, slots=True)
class Task:
    """An incident as its crew needs it. `place` None: unknown."""

    incident_id: int
    service: str | None
    place: Place | None


class Crew:
    """Times are seconds of one clock that the caller chooses. `pace` shortens work at the scene and at the hospital by
    that factor; driving keeps its real speed."""

    def __init__(
        self, unit: dict[str, Any], agency: Agency, home: Place, hospitals: Sequence[Place], random: Random, pace: float
    ) -> None:
        self.id: str = unit["id"]
        self.status: str = ""
        self.task: Task | None = None
        self.vehicle = Vehicle(home)
        self.speed_mps = 0.0
        self._agency, self._home, self._hospitals, self._random, self._pace = agency, home, hospitals, random, pace
        self._transports = "transport" in unit["capabilities"] and bool(hospitals)
        self._patrols = "patrol" in unit["capabilities"]
        self._trip = 1.0
        self._until_s = 0.0
        self._asked_s = -ASK_AGAIN_S

    def told(self, status: str, task: Task | None, now_s: float) -> None:
        """The unit's status at the service; also called when only the incident's place has improved."""
        moved = task is not None and self.task is not None and task.place != self.task.place
        entered = status != self.status
        self.status, self.task = status, task
        if entered:
            self._asked_s = -ASK_AGAIN_S
            self._enter(now_s)
        elif moved and status == "en_route" and task is not None and task.place is not None:
            self.vehicle.drive_to(task.place, self._random)

    def _enter(self, now_s: float) -> None:
        self.vehicle.stop()
        self._trip = self._random.lognormvariate(0, TRIP_SPREAD)
        match self.status:
            case "dispatched":
                usual_s = self._agency.mobilisation_s * TURNOUT_MEDIAN
                self._until_s = now_s + usual_s * self._random.lognormvariate(0, TURNOUT_SPREAD)
            case "en_route" if self.task is not None and self.task.place is not None:
                self.vehicle.drive_to(self.task.place, self._random)
            case "en_route":
                self._until_s = now_s + self._minutes(SEARCH_MIN)
            case "on_scene":
                service = self.task.service if self.task is not None and self.task.service else ""
                self._until_s = now_s + self._minutes(WORK_MIN.get(service, OTHER_WORK_MIN))
            case "transporting":
                self.vehicle.drive_to(min(self._hospitals, key=self._distance, default=self._home), self._random)
            case "at_hospital":
                self._until_s = now_s + self._minutes(HANDOVER_MIN)
            case "returning":
                self.vehicle.drive_to(self._home, self._random)

    def tick(self, now_s: float, passed_s: float, *, traffic: float = 1.0) -> str | None:
        """Advance by `passed_s`; returns the status to report now, if one is due. `traffic`: speed at this hour,
        relative to the mean."""
        self._drive(passed_s, traffic)
        step = self._next(now_s)
        if step is None or now_s - self._asked_s < ASK_AGAIN_S:
            return None
        self._asked_s = now_s
        return step

    def _drive(self, passed_s: float, traffic: float) -> None:
        if not self.vehicle.is_moving and self.status == "available" and self._patrols:
            self.vehicle.drive_to(self._somewhere_near_home(), self._random)
        if not self.vehicle.is_moving:
            self.speed_mps = 0.0
            return
        share = PATROL_SPEED if self.status in {"available", "returning"} else 1.0
        usual_mps = self._agency.speed_kmh / 3.6 * traffic * self._trip
        self.speed_mps = usual_mps * share * self._random.uniform(0.75, 1.25)
        self.vehicle.advance(self.speed_mps * passed_s)

    def _next(self, now_s: float) -> str | None:
        waited, arrived = now_s >= self._until_s, not self.vehicle.is_moving
        match self.status:
            case "dispatched" if waited:
                return "en_route"
            case "en_route" if arrived and (waited or (self.task is not None and self.task.place is not None)):
                return "on_scene"
            case "on_scene" if waited:
                return "transporting" if self._takes_patient() else "returning"
            case "transporting" if arrived:
                return "at_hospital"
            case "at_hospital" if waited:
                return "returning"
            case "returning" if arrived:
                return "available"
            case _:
                return None

    def _takes_patient(self) -> bool:
        return self._transports and self._random.random() < TRANSPORTED

    def _minutes(self, median: float) -> float:
        return median * 60 * self._random.lognormvariate(0, WORK_SPREAD) / self._pace

    def _distance(self, place: Place) -> float:
        return hypot(place[0] - self.vehicle.place[0], place[1] - self.vehicle.place[1])

    def _somewhere_near_home(self) -> Place:
        x, y = self._home
        return x + self._random.gauss(0, PATROL_M), y + self._random.gauss(0, PATROL_M)
