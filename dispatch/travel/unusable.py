"""What stops the start: a setting of travel times, or a file of roads, that can't be used."""


class TravelError(Exception):
    """Its text tells a person what to change."""


class RoadsFileError(TravelError):
    """A file of roads that can't be used."""


class TravelSettingsError(TravelError):
    """A setting that can't be meant, by its name."""
