"""All settings: read once from DISPATCH_* variables and flags by the composition root, and passed down."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, Self, get_args, get_origin, get_type_hints

PACKAGE = Path(__file__).resolve().parent
# The checkout. In an installed wheel: the folder of installed packages.
PROJECT = PACKAGE.parent


def _quito() -> Path:
    """In a wheel the city is inside the package, in a checkout beside it."""
    inside = PACKAGE / "data" / "quito"
    return inside if inside.is_dir() else PROJECT / "data" / "quito"


QUITO = _quito()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`database_url` None: the embedded PostgreSQL in `state`. `cells`: radio cells, a CSV in OpenCelliD's format.
    `same_phone_window_s`: so long a phone's AML messages belong to its call; `redial_window_s`: so long its next call
    may be about the same emergency. `join_above`: how alike (0-1) a call and an incident must be to be joined without a
    person, above 1 never;
    `suggest_above`: to be shown as perhaps the same. For `reopen_hours` a closed incident can be opened again.
    `incidents_per_day` and `busy_fraction` (0 to below 1): what coverage is reckoned with.
    `roads`: a street network made by `dispatch roads build`, driven by `roads_profile`, emergency or car; without one
    the straight line times `detour`. `routing_url`: a routing server of `routing_kind`, valhalla or osrm, asked first
    for recommendations and waited for at most `routing_timeout_s`; `routing_kmh`: its cars' mean speed in the city.
    When told to end: `drain_s` is waited, not ready, for a load balancer to notice; then screens have `grace_s` to move
    on, and then calls in hand `grace_s` to be finished. `ready_lag`: with more events of other nodes than these not yet
    told here, it isn't ready. `otlp_endpoint`: a collector of traces, such as http://127.0.0.1:4318.

    Location and incidents: `cells`: radio cells, a CSV in OpenCelliD's format. `join_above`: the likeness (0-1) from
    which a call is joined to an incident automatically, above 1 never; `suggest_above`: from which it is suggested as a
    duplicate. `incidents_per_day` and `busy_fraction` (0 to below 1): parameters of the coverage.

    Travel times: `roads`: a street network made by `dispatch roads build`, used with `roads_profile`, emergency or car;
    without one the straight line times `detour`. `routing_url`: a routing server of `routing_kind`, valhalla or osrm,
    asked first for recommendations, for at most `routing_timeout_s`; `routing_kmh`: mean speed of its cars in the city.

    Shutdown and health: for `drain_s` the node is unready but accepts connections, so that a load balancer notices;
    then screens have `grace_s` to move, and then running requests `grace_s` to finish. `ready_lag`: with more
    undelivered events of other nodes than these, the node isn't ready. `otlp_endpoint`: a collector of traces, such as
    http://127.0.0.1:4318.

    Access: `bootstrap_key`: an administrator's key, of at least 24 characters. `sign_in_code`: of the first sign-in
    link, which is valid once, within `sign_in_link_minutes` of the start.

    Limits of a connection: `head_timeout_s` for the head of a request, `body_timeout_s` for its body, `keep_alive_s`
    between two requests, `answer_timeout_s` until a client reads what it is sent; `max_head_bytes` and `max_headers` of
    a head (431); `max_connections` in total, `max_connections_per_address` for an address other than this machine and
    proxies. Limits of the quarantine: `quarantine_items` and `quarantine_bytes` of unhandled items of one sender; after
    `quarantine_days` the body of a handled item is deleted.

    Secrets are left out of the repr."""

    host: str = "127.0.0.1"
    port: int = 8000
    state: Path | None = None
    database_url: str | None = None
    database_owner_url: str | None = None
    city: Path = QUITO
    cells: Path | None = None
    roads: Path | None = None
    roads_profile: str = "emergency"
    detour: float = 1.35
    routing_url: str | None = None
    routing_kind: str = "valhalla"
    routing_timeout_s: float = 1.0
    routing_kmh: float = 35.0
    console: Path = PACKAGE / "console" / "dist"
    demo: bool = True
    tile_style_url: str | None = None
    log_format: str = "auto"
    pool_size: int = 10
    database_timeout_s: float = 10.0
    stale_after_s: float = 60.0
    same_phone_window_s: float = 300.0
    redial_window_s: float = 3_600.0
    join_above: float = 0.9
    suggest_above: float = 0.35
    reopen_hours: float = 24.0
    incidents_per_day: float = 1_000.0
    busy_fraction: float = 0.3
    session_hours: float = 12.0
    sign_in_link_minutes: float = 60.0
    position_retention_days: int = 30
    position_margin_km: float = 100.0
    position_worst_accuracy_m: float = 2_000.0
    position_fastest_kmh: float = 250.0
    position_flying_kmh: float = 400.0
    max_body_bytes: int = 2_000_000
    max_head_bytes: int = 32_000
    max_headers: int = 100
    max_connections: int = 10_000
    max_connections_per_address: int = 256
    head_timeout_s: float = 10.0
    body_timeout_s: float = 30.0
    # Longer than a proxy keeps one (nginx: 60 s), so that it never sends a report on a connection that is being closed.
    keep_alive_s: float = 75.0
    answer_timeout_s: float = 60.0
    quarantine_items: int = 1_000
    quarantine_bytes: int = 20_000_000
    quarantine_days: int = 30
    screen_queue: int = 1_000
    ws_deflate: bool = False
    call_queue: int = 2_000
    call_wait_s: float = 10.0
    drain_s: float = 0.0
    grace_s: float = 10.0
    ready_lag: int = 1_000
    otlp_endpoint: str | None = None
    replay_limit: int = 5_000
    lost_source: str = "dispatch.local"
    lost_uri: str = "tel:911"
    aml_hmac_key: str | None = None
    bootstrap_key: str | None = None
    sign_in_code: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for values out of range."""
        if not 0 <= self.busy_fraction < 1:
            raise ValueError(f"DISPATCH_BUSY_FRACTION must be 0 to below 1, not {self.busy_fraction:g}")
        if not self.incidents_per_day >= 0:
            raise ValueError(f"DISPATCH_INCIDENTS_PER_DAY must be 0 or more, not {self.incidents_per_day:g}")

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ, **given: Any) -> Self:
        """Flags (`given`, if not None) take precedence over DISPATCH_NAME variables, which take precedence over the
        defaults.

        Raises ValueError naming the variable whose value can't be read."""
        hints = get_type_hints(cls)
        values: dict[str, Any] = {}
        for field in fields(cls):
            text = env.get(f"DISPATCH_{field.name.upper()}")
            if text is not None and text != "":
                values[field.name] = _read(f"DISPATCH_{field.name.upper()}", text, hints[field.name])
        values |= {name: value for name, value in given.items() if value is not None}
        return cls(**values)

    def __repr__(self) -> str:
        secret = {
            *("database_url", "database_owner_url", "routing_url", "otlp_endpoint"),
            *("aml_hmac_key", "bootstrap_key", "sign_in_code"),
        }
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.name not in secret)
        return f"Settings({', '.join(shown)})"


def _read(name: str, text: str, kind: Any) -> Any:
    if get_origin(kind) is UnionType:
        kind = next(arg for arg in get_args(kind) if arg is not type(None))
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError(f"{name} must be true or false, not {text!r}")
    try:
        return kind(text)
    except ValueError as error:
        raise ValueError(f"{name} must be {kind.__name__}, not {text!r}") from error
