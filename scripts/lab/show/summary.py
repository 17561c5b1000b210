"""The day in figures, read from the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from scripts.lab.show.ledger import Ledger, Row
from scripts.lab.show.screen import cut, seconds

NAME_COLUMNS: Final = 18
BY_QUEUE: Final = """
SELECT queue_id,
       count(*) AS visits,
       sum(outcome = 'answered') AS answered,
       sum(outcome = 'abandoned') AS abandoned,
       sum(outcome = 'missed') AS missed,
       avg(CASE WHEN outcome = 'answered' THEN wait_ms END) AS mean_wait_ms,
       max(wait_ms) AS longest_wait_ms
FROM queue_visits GROUP BY queue_id ORDER BY queue_id
"""


def totals(ledger: Ledger, queue_name: Callable[[str], str]) -> list[str]:
    """Returns the table of the queues and one line of totals.

    A visit is one caller's stay in one queue: who overflows has two. Answered, abandoned (the
    caller hung up) and missed (refused or sent on) add up to the visits that have ended.
    """
    lines = [
        f"{'Queue':<{NAME_COLUMNS}}{'visits':>8}{'answered':>10}{'abandoned':>11}{'missed':>8}"
        f"{'mean wait':>11}{'longest':>10}"
    ]
    for row in ledger.query(BY_QUEUE):
        name = cut(queue_name(row["queue_id"]), NAME_COLUMNS - 1)
        lines.append(
            f"{name:<{NAME_COLUMNS}}{row['visits']:>8}{row['answered'] or 0:>10}"
            f"{row['abandoned'] or 0:>11}{row['missed'] or 0:>8}"
            f"{_wait(row, 'mean_wait_ms'):>11}{_wait(row, 'longest_wait_ms'):>10}"
        )
    [calls] = ledger.query("SELECT count(*) AS n FROM calls") or [{"n": 0}]
    [talks] = ledger.query("SELECT count(*) AS n, sum(talk_ms) AS ms FROM talk_segments") or [{}]
    [rung] = ledger.query(
        "SELECT count(*) AS n, sum(outcome = 'missed') AS missed FROM offers"
    ) or [{}]
    lines.append(
        f"{calls['n']} calls in all; {talks.get('n', 0)} talks of together"
        f" {seconds(talks.get('ms') or 0)}; phones rang {rung.get('n', 0)} times,"
        f" {rung.get('missed') or 0} in vain"
    )
    return lines


def _wait(row: Row, column: str) -> str:
    return "-" if row[column] is None else seconds(row[column])
