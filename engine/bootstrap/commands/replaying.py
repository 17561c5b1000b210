"""`usher replay`."""

from __future__ import annotations

import argparse

from engine.bootstrap.commands.common import DONE, FOUND_WRONG, plainly, print_json
from engine.bootstrap.replay import replay


@plainly
def replay_command(options: argparse.Namespace) -> int:
    """Computes again what happened."""
    silent = options.quiet or options.json
    report = replay(
        options.path,
        (lambda _: None) if silent else print,
        check_every=options.check_every,
        show_private=options.numbers,
    )
    if options.json:
        print_json(report.as_json())
        return FOUND_WRONG if report.problems else DONE
    print(f"history {report.epoch}: {report.inputs} inputs")
    for title, counter in (
        ("inputs", report.kinds),
        ("commands", report.commands),
        ("facts", report.facts),
    ):
        counts = ", ".join(f"{count} {kind}" for kind, count in counter.most_common())
        print(f"  {title}: {counts or 'none'}")
    for note in report.notes:
        print(f"  note: {note}")
    for problem in report.problems:
        print(f"  WRONG: {problem}")
    if not report.problems:
        print("  all invariants hold")
    return FOUND_WRONG if report.problems else DONE
