"""A city of callers, crews, dispatchers and screens that speak with the service only as real ones do: over its wire."""
