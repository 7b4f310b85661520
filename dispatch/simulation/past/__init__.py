"""The demo's past: a day of the city before the first start, made by the service's own acts under a clock of its own.

Only `dispatch run` with the simulated city makes it, once, on a database that has never had an incident."""
