"""News in words: one line for each thing worth telling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scripts.lab.show.ledger import Kind, Ledger, News, Row
from scripts.lab.show.screen import seconds

CROWD: Final = 4
"""From so many callers on who do the same at once, they are told in one line."""
NO_ANSWER: Final = {
    "no_answer": "does not answer",
    "busy": "is busy",
    "rejected": "declines",
    "unreachable": "cannot be reached",
    "failed": "could not be rung",
    "answered_then_left": "picked up, and was gone before the caller came",
}
TURNED_AWAY: Final = {
    "queue_full": "is full",
    "max_wait": "lets go whoever has waited too long",
    "queue_removed": "was removed",
    "lost": "lost its calls: Asterisk was away",
}


@dataclass(frozen=True, slots=True)
class Names:
    """How the configuration calls people and queues."""

    agent: Callable[[str], str]
    queue: Callable[[str], str]


class Teller:
    """Turns news into lines."""

    def __init__(self, ledger: Ledger, names: Names) -> None:
        """`ledger` knows the callers' names."""
        self._ledger = ledger
        self._names = names

    def lines(self, news: Sequence[News]) -> list[tuple[int, str]]:
        """Returns (when, what) of everything worth telling."""
        crowds: dict[tuple[object, ...], list[News]] = {}
        for each in news:
            crowds.setdefault(_crowd_of(each), []).append(each)
        queued = {each.row["call_id"] for each in news if each.kind is Kind.VISIT}
        told: list[tuple[int, str]] = []
        for each in news:
            crowd = crowds[_crowd_of(each)]
            text: str | None
            if each.kind is Kind.VISIT and len(crowd) >= CROWD:
                text = self._crowd(crowd) if each is crowd[-1] else None
            elif each.kind is Kind.CALL and each.began and each.row["call_id"] in queued:
                text = None  # The queue's line tells it.
            else:
                text = self._began(each) if each.began else self._ended(each)
            if text is not None:
                told.append((each.at_ms, text))
        return told

    def _crowd(self, crowd: Sequence[News]) -> str | None:
        row = crowd[-1].row
        queue = self._names.queue(row["queue_id"])
        if crowd[-1].began:
            return f"{len(crowd)} customers call {queue} (places to {row['entry_position']})"
        if row["outcome"] == "abandoned":
            return f"{len(crowd)} callers give up in {queue}"
        if row["outcome"] == "missed":
            return f"{queue} {TURNED_AWAY[row['reason']]}: {len(crowd)} callers"
        return None

    def _began(self, news: News) -> str | None:
        row = news.row
        agent = self._names.agent(row.get("agent_id") or row.get("party") or "")
        queue = self._names.queue(row.get("queue_id") or "")
        match news.kind:
            case Kind.CALL:
                return f"{self._caller(row)} dials {row['dialled']}"
            case Kind.VISIT:
                return f"{self._caller(row)} calls {queue} (place {row['entry_position']} in line)"
            case Kind.OFFER:
                return f"  {agent}'s phone rings for {self._caller(row)}"
            case Kind.TALK:
                return f"  {agent} talks with {self._caller(row)}{self._waited(row)}"
            case Kind.LOGIN:
                return f"{agent} logs in to {queue}" if row["login_how"] != "config" else None
            case Kind.PAUSE:
                why = f" ({row['reason']})" if row["reason"] else ""
                by_itself = "is paused by Usher" if row["pause_how"] == "auto" else "takes a pause"
                return f"{agent} {by_itself} in {queue}{why}"
            case Kind.WRAPUP:
                planned = seconds(row["planned_end_at_ms"] - row["started_at_ms"])
                return f"  {agent} has {planned} for after-call work"
            case Kind.REFUSAL:
                action = str(row["action"]).replace("_", " ")
                return f"{agent} is refused: {action} in {queue}, {row['why']}"

    def _ended(self, news: News) -> str | None:
        row = news.row
        agent = self._names.agent(row.get("agent_id") or row.get("party") or "")
        queue = self._names.queue(row.get("queue_id") or "")
        match news.kind:
            case Kind.VISIT if row["outcome"] == "abandoned":
                return f"{self._caller(row)} gives up in {queue} after {seconds(row['wait_ms'])}"
            case Kind.VISIT if row["outcome"] == "missed":
                return f"{queue} {TURNED_AWAY[row['reason']]}: {self._caller(row)}"
            case Kind.OFFER if row["outcome"] == "missed":
                after = seconds(row["ring_ms"])
                return f"  {agent} {NO_ANSWER[row['reason']]} ({self._caller(row)}, {after})"
            case Kind.TALK:
                return f"  {agent} and {self._caller(row)} have talked {seconds(row['talk_ms'])}"
            case Kind.LOGIN:
                return f"{agent} logs out of {queue}"
            case Kind.PAUSE if row["ended_why"] == "resumed":
                return f"{agent} is back in {queue}"
            case Kind.WRAPUP if row["ended_why"] == "expired":
                return f"  {agent} is done with after-call work"
            case _:
                return None

    def _caller(self, row: Row) -> str:
        return self._ledger.name_of_call(row["call_id"])

    def _waited(self, row: Row) -> str:
        if row["visit_id"] is None:
            return ""
        asked = "SELECT wait_ms FROM queue_visits WHERE visit_id = ? AND wait_ms IS NOT NULL"
        found = self._ledger.query(asked, [row["visit_id"]])
        return f" (waited {seconds(found[0]['wait_ms'])})" if found else ""


def _crowd_of(news: News) -> tuple[object, ...]:
    row = news.row
    return (news.kind, news.began, row.get("queue_id"), row.get("outcome"), row.get("reason"))
