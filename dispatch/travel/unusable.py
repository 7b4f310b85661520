"""Errors that prevent a start: a setting of travel times, or a file of roads, that can't be used."""


class TravelError(Exception):
    """The message says what to change."""


class RoadsFileError(TravelError):
    """A file of roads that can't be used."""


class TravelSettingsError(TravelError):
    """An invalid setting, by its name."""
