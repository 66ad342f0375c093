"""What processes cost, as Linux counts it."""

import time
from pathlib import Path

import psutil

KIB = 1024


def cpu_s(pid: int) -> float:
    """Processor time, user and system, that a process and its children have used, to the nanosecond.

    Linux makes the clock of a process's processor time from its id (clock_getcpuclockid(3)).
    """
    return sum(time.clock_gettime(~process << 3 | 2) for process in _tree(pid))


def pss_bytes(pid: int) -> int:
    """Memory of a process and its children, each shared page counted by its share."""
    return sum(_field(Path(f"/proc/{process}/smaps_rollup"), "Pss:") for process in _tree(pid))


def slab_bytes() -> int:
    """The kernel's own objects, of the whole machine: sockets, their buffers, what epoll knows of them."""
    return _field(Path("/proc/meminfo"), "Slab:")


def peak_bytes(pid: int) -> int:
    """The most memory that a process ever had resident."""
    return _field(Path(f"/proc/{pid}/status"), "VmHWM:")


def _tree(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def _field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * KIB
    raise ValueError(f"{path} has no {name}")
