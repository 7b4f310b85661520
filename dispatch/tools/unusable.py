"""The error of these tools: the input can't be used."""


class Unusable(Exception):
    """The message says what to change."""
