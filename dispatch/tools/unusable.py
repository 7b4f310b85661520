"""The one error of these tools: nothing can be done with what was given."""


class Unusable(Exception):
    """Its text tells a person what to change."""
