"""Positions in the links that map programs share, a module a kind of notation; nothing is fetched."""

from dispatch.intake.places.map_links.reading import read
from dispatch.intake.places.map_links.url import LINK, link_at

__all__ = ["LINK", "link_at", "read"]
