"""The worst that each door can be sent, and a clock of processor time to send it against."""

import os
from pathlib import Path


def processor_s(pid: int) -> float:
    """Processor time that a process has used until now, in seconds: user and system, all threads."""
    # The name in brackets may hold blanks; utime and stime are fields 14 and 15 of proc(5).
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
