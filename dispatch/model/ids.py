from typing import NewType
from uuid import UUID

CallId = NewType("CallId", UUID)
IncidentId = NewType("IncidentId", int)
UnitId = NewType("UnitId", str)
Seq = NewType("Seq", int)

# Version of the UUIDs (RFC 9562, section 5.8) that are computed from a message, which others can do too.
COMPUTED = 8
