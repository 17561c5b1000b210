"""Runs benchmarks by name, prints their figures, writes them as JSON."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from scripts.lab.bench.figures import Figures, lines, machine

NAMES = ("core", "simulate", "dispatch", "load", "restart", "memory", "lamps", "announcing")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="short runs; figures mean nothing")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}")
    on = machine()
    print(f"on {on['cpu']}, {on['cores']} cores, load {on['load_before']}")
    if on["load_before"] > 0.5:
        print("WARNING: the machine is busy; these figures are worth little")
    found: Figures = {"machine": on, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"}
    for name in options.names or NAMES:
        print(f"\n{name} ...", flush=True)
        found[name] = measure(name, quick=options.quick)
        print("\n".join(lines(found[name])), flush=True)
    if options.json is not None:
        whole = found[options.names[0]] if len(options.names) == 1 else found
        options.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    return 0


def measure(name: str, *, quick: bool) -> Figures:
    """Runs one benchmark."""
    module = importlib.import_module(f"scripts.lab.bench.{name}")
    result = module.run(quick=quick)
    figures: Figures = asyncio.run(result) if inspect.iscoroutine(result) else result
    return figures


if __name__ == "__main__":
    sys.exit(main())
