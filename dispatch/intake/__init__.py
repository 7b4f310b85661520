"""One module a channel or wire format: bytes in, one `Report` out, or `Unreadable`."""

from dispatch.intake.unreadable import Problem, Unreadable

__all__ = ["Problem", "Unreadable"]
