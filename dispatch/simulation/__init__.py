"""A city of callers, crews, dispatchers and screens that use the service only through its public interfaces."""
