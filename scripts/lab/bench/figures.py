"""Figures, percentiles and what is printed of them."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
"""Nested by the dots of the keys: {"waiting": {"usher": {"p50_ms": 4.2}}}."""


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the nearest-rank percentile (the smallest value that `percent` of all do not exceed).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = math.ceil(percent / 100 * len(ordered))
    return ordered[max(rank, 1) - 1]


def milliseconds(gaps_ns: Sequence[int]) -> Figures:
    """Returns p50 and p99 of nanoseconds, in milliseconds, with how many there were."""
    return {
        "p50_ms": round(percentile(gaps_ns, 50) / 1e6, 2),
        "p99_ms": round(percentile(gaps_ns, 99) / 1e6, 2),
        "samples": len(gaps_ns),
    }


def microseconds(took_ns: Sequence[int]) -> Figures:
    """Returns p50, p99 and the longest of nanoseconds, in microseconds."""
    return {
        "p50": round(percentile(took_ns, 50) / 1000, 1),
        "p99": round(percentile(took_ns, 99) / 1000, 1),
        "max": round(max(took_ns) / 1000, 1),
    }


def machine() -> Figures:
    """Returns what the figures were measured on, and how busy it was before."""
    cpu = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def lines(figures: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Returns the figures as `key value` lines, keys dotted."""
    found: list[str] = []
    for key, value in figures.items():
        if isinstance(value, Mapping):
            found += lines(value, f"{prefix}{key}.")
        else:
            found.append(f"  {prefix + key:<34} {value}")
    return found
