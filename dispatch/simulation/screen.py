"""A screen: records when each call, and each better location, was shown on it."""

from typing import Any

from dispatch.simulation.feed import Feed


class Screen:
    def __init__(self, url: str, key: str) -> None:
        self.feed = Feed(url, key, on_event=self._event, on_snapshot=self._snapshot)
        self.calls: dict[str, float] = {}
        """Call id → when its event came (perf_counter, seconds)."""
        self.locations: dict[str, list[float]] = {}
        """Call id → when a better location of its incident came, each time."""
        self._shown: dict[int, float] = {}

    def _event(self, event: dict[str, Any], at_s: float) -> None:
        call = event["data"].get("call_id")
        if event["kind"] in {"call_taken", "call_joined"} and call is not None:
            self.calls.setdefault(call, at_s)
        elif event["kind"] == "location_changed" and call is not None:
            self.locations.setdefault(call, []).append(at_s)

    def _snapshot(self, snapshot: dict[str, Any], at_s: float) -> None:
        """After a resync a screen gets incidents, not each call."""
        for incident in snapshot["incidents"]:
            self._shown[incident["id"]] = at_s

    def has(self, call_id: str, incident_id: int, acknowledged_s: float) -> bool:
        """By its event, or in a snapshot taken after the acknowledgement."""
        return call_id in self.calls or self._shown.get(incident_id, -1.0) >= acknowledged_s
