from typing import NewType
from uuid import UUID

CallId = NewType("CallId", UUID)
IncidentId = NewType("IncidentId", int)
UnitId = NewType("UnitId", str)
Seq = NewType("Seq", int)
