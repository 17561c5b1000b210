"""`usher ctl`: the running engine, shown and steered from its own machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from engine.adapters.control import SOCKET_NAME, ControlAway, ask
from engine.bootstrap.commands.common import DONE, FOUND_WRONG, fail, plainly, print_json
from engine.bootstrap.commands.ctl_arguments import WrongDestination
from engine.config import load
from engine.core.facts import CALLBACK_MARK, SourceKind

USAGE: Final = 2

CALL_COLUMNS: Final = (
    "call_id",
    "version",
    "state",
    "queue_id",
    "position",
    "agent_id",
    "party",
    "slot",
)


@plainly
def ctl_command(options: argparse.Namespace) -> int:
    """Asks the engine once, and prints its answer."""
    try:
        request = options.request(options)
    except WrongDestination as error:
        print(f"usher ctl: {error}", file=sys.stderr)
        return USAGE
    path = options.socket
    if path is None:
        path = Path(load(options.config).settings.data_directory) / SOCKET_NAME
    try:
        answer = ask(path, request)
    except ControlAway as error:
        return fail(error)
    if options.json:
        print_json(answer)
    elif answer.get("ok") is True:
        _print(answer)
    else:
        return fail(f"refused: {answer.get('why', 'the engine does not say why')}")
    return DONE if answer.get("ok") is True else FOUND_WRONG


def _print(answer: dict[str, Any]) -> None:
    if "calls" in answer:
        _print_table(
            CALL_COLUMNS,
            [[_shown(call, key) for key in CALL_COLUMNS] for call in answer["calls"]],
        )
    elif "agents" in answer:
        columns = ("agent_id", "version", "presence", "reachable", "in_use", "queues")
        _print_table(
            columns,
            [
                [*(agent[key] for key in columns[:-1]), _queues(agent["memberships"])]
                for agent in answer["agents"]
            ],
        )
    else:
        print(answer.get("detail") or "done")


def _shown(call: dict[str, Any], key: str) -> object:
    """Returns a call's value; the state of a callback is marked, as its number is not shown here."""
    if key == "state" and call["source"] == SourceKind.CALLBACK:
        return f"{CALLBACK_MARK} {call[key]}"
    return call[key]


def _queues(memberships: list[dict[str, Any]]) -> str:
    return " ".join(f"{each['queue_id']}:{_status(each)}" for each in memberships)


def _status(membership: dict[str, Any]) -> str:
    if not membership["logged_in"]:
        return "out"
    if membership["paused"]:
        reason = membership["pause_reason"]
        return "paused" if reason is None else f"paused({reason})"
    return "in" if membership["wrapup_until_ms"] is None else "wrap-up"


def _print_table(columns: tuple[str, ...], rows: list[list[Any]]) -> None:
    """Prints columns as wide as they must be. Callers' numbers are in `--json` only."""
    cells = [list(columns), *([_word(each) for each in row] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)
