"""Figures by queue: from `usher report` at the end of the scenario, from the database while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from scripts.lab.show.ledger import Ledger
from scripts.lab.show.screen import cut, seconds

NAME_COLUMNS: Final = 19
_BY_QUEUE: Final = """
SELECT queue_id, count(*) AS visits, sum(outcome = 'answered') AS answered,
       sum(outcome = 'abandoned') AS abandoned, sum(outcome = 'missed') AS missed,
       avg(CASE WHEN outcome = 'answered' THEN wait_ms END) AS mean_ms, max(wait_ms) AS longest_ms
FROM queue_visits WHERE outcome IS NOT NULL GROUP BY queue_id
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the visits to one queue. A visit is one caller's stay in one queue.

    Each that has ended is exactly one of answered, abandoned (the caller hung up) and missed
    (turned away or sent on). `mean_ms` is the mean wait of the answered, `longest_ms` of all.
    """

    visits: int = 0
    answered: int = 0
    abandoned: int = 0
    missed: int = 0
    mean_ms: float | None = None
    longest_ms: float | None = None

    @classmethod
    def of_report(cls, row: Mapping[str, Any]) -> Self:
        """Takes a row of `usher report summary --json`."""
        return cls(
            visits=row["total"],
            answered=row["answered"],
            abandoned=row["abandoned"],
            missed=row["missed"],
            mean_ms=row["wait_answered_ms_average"],
            longest_ms=row["wait_ms_max"],
        )

    def cells(self) -> str:
        """Returns them as the columns of `HEADINGS`."""
        return (
            f"{self.visits:>7}{self.answered:>10}{self.abandoned:>11}{self.missed:>8}"
            f"{_wait(self.mean_ms):>16}{_wait(self.longest_ms):>9}"
        )


HEADINGS: Final = f"{'visits':>7}{'answered':>10}{'abandoned':>11}{'missed':>8}{'mean to answer':>16}{'longest':>9}"
"""The mean is of those only who were answered, the longest of all."""


def figures(ledger: Ledger) -> dict[str, Figures]:
    """Returns the figures so far, by queue."""
    rows = ledger.query(_BY_QUEUE)
    return {row.pop("queue_id"): Figures(**row) for row in rows}


def table(
    by_queue: Mapping[str, Figures], queue_name: Callable[[str], str], queues: Iterable[str]
) -> list[str]:
    """Returns headings and one line for each queue."""
    lines = [f"{'Queue':<{NAME_COLUMNS}}{HEADINGS}"]
    for queue in queues:
        name = cut(f"{queue} {queue_name(queue)}", NAME_COLUMNS - 1)
        lines.append(f"{name:<{NAME_COLUMNS}}{by_queue.get(queue, Figures()).cells()}")
    return lines


def in_all(ledger: Ledger) -> str:
    """Returns one line about all calls, those within the house included."""
    found = ledger.query(
        "SELECT (SELECT count(*) FROM calls) AS calls, (SELECT count(talk_ms) FROM talk_segments) AS"
        " talks, (SELECT sum(talk_ms) FROM talk_segments) AS talk_ms, (SELECT count(*) FROM offers)"
        " AS rang, (SELECT count(*) FROM offers WHERE outcome = 'missed') AS in_vain"
    )
    if not found:
        return "No calls."
    return (
        "{calls} calls in all; {talks} talks, together {talked}; queues rang {rang} phones,"
        " {in_vain} in vain"
    ).format(talked=seconds(found[0]["talk_ms"] or 0), **found[0])


def beside_the_line(ledger: Ledger) -> str:
    """Returns one line about those who did not wait on the line: callbacks, surveys, voicemail."""
    found = ledger.query(
        "SELECT (SELECT count(*) FROM callbacks) AS asked,"
        " (SELECT count(*) FROM callbacks WHERE outcome = 'succeeded') AS done,"
        " (SELECT count(*) FROM surveys) AS surveys,"
        " (SELECT count(score) FROM surveys) AS answers, (SELECT avg(score) FROM surveys) AS mean,"
        " (SELECT count(*) FROM routes_taken WHERE target LIKE 'voicemail %') AS boxes"
    )
    if not found:
        return "No callbacks, surveys or voicemail."
    row = found[0]
    score = "" if row["mean"] is None else f" with {row['mean']:+.1f} on average"
    return (
        f"{row['done']} of {row['asked']} callbacks done; {row['answers']} of {row['surveys']} surveys"
        f" answered{score}; sent to voicemail: {row['boxes']}"
    )


def _wait(ms: float | None) -> str:
    return "-" if ms is None else seconds(ms)
