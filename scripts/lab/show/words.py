"""News in words: one line for each thing worth telling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.core.inputs import BY_SYSTEM
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
    "forwarded": "has the phone forwarded",
    "answered_then_left": "picked up, and was gone before the caller came",
}
TURNED_AWAY: Final = {
    "queue_full": "is full",
    "max_wait": "lets go whoever has waited too long",
    "queue_removed": "was removed",
    "redirected": "lost a caller to somebody who sent the call elsewhere",
    "hung_up_by_manager": "had a call ended by a manager",
    "lost": "lost its calls: Asterisk was away",
    "join_empty": "has nobody at work",
    "left_empty": "has nobody at work any more",
    "closed": "closes",
    "key_event": "lets go whoever presses a key",
    "callback": "will call back",
}
"""By the reason of a missed visit."""
SENT_ON: Final = {
    "closed": "{place} is closed: {who} goes on to {to}",
    "holiday": "{place} has a holiday: {who} goes on to {to}",
    "menu_key": "{who} presses {key} in the menu {place}, which leads to {to}",
    "menu_dialled": "{who} dials {key} in the menu {place}",
    "menu_wrong": "{who} presses wrong keys in the menu {place}, and goes on to {to}",
    "menu_silence": "{who} presses nothing in the menu {place}, and goes on to {to}",
    "key_event": "{who} presses {key} in {place}, which leads to {to}",
    "nobody_answered": "nobody answers in {place}: {who} goes on to {to}",
    "came_back": "{who} comes back from a call flow: on to {to}",
    "too_long": "{who} was in a call flow for too long: on to {to}",
    "loop": "{who} has been sent on too often",
    "no_such_place": "{who} was sent to {place}, which does not exist",
}
"""By why a call was sent on. The way on from a queue that was waited in goes without saying."""
NOT_RATED: Final = {
    "wrong_keys": "pressed wrong keys",
    "silence": "says nothing",
    "caller_hung_up": "hung up",
    "failed": "could not be asked",
}
CALLED_BACK_NOT: Final = {
    "customer_no_answer": "nobody answers",
    "no_agent": "nobody had time",
    "agent_hung_up": "the agent hung up",
    "invalid_number": "no such number",
    "not_permitted": "no way there",
    "cancelled": "cancelled",
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
            elif each.kind is Kind.CALL and each.began and _told_otherwise(each, queued):
                text = None  # The queue's line tells it, or the callback's.
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
                return self._refused(row)
            case _:
                return self._waiting_began(news)

    def _waiting_began(self, news: News) -> str | None:
        """Tells of menus, hours, callbacks and surveys."""
        row = news.row
        match news.kind:
            case Kind.CALLBACK:
                who = self._ledger.name_of_call(row["caller_call_id"])
                return f"{who} is to be called back by {self._names.queue(row['queue_id'])}"
            case Kind.ATTEMPT:
                agent = self._names.agent(row["agent_id"])
                return f"  {agent} hears who it is; the customer's phone is called"
            case Kind.SURVEY:
                return f"{self._caller(row)} {_rating(row)}"
            case Kind.ROUTE if row["why"] in SENT_ON:
                return "  " + SENT_ON[row["why"]].format(
                    who=self._caller(row),
                    place=self._names.queue(row["from_place"]),
                    to=self._names.queue(row["target"]),
                    key=row["pressed"],
                )
            case Kind.HOURS:
                by_hand = " by hand" if row["overridden"] else ""
                day = f" ({row['holiday']})" if row["holiday"] else ""
                return f"{self._names.queue(row['queue_id'])} is now {row['kind']}{by_hand}{day}"
            case _:
                return None

    def _ended(self, news: News) -> str | None:
        row = news.row
        agent = self._names.agent(row.get("agent_id") or row.get("party") or "")
        queue = self._names.queue(row.get("queue_id") or "")
        match news.kind:
            case Kind.VISIT if row["outcome"] == "abandoned":
                return f"{self._caller(row)} gives up in {queue} after {seconds(row['wait_ms'])}"
            case Kind.VISIT if row["outcome"] == "missed" and row["reason"] != "callback":
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
            case Kind.CALLBACK:
                return self._called_back(row)
            case Kind.WRAPUP if row["ended_why"] == "expired":
                return f"  {agent} is done with after-call work"
            case _:
                return None

    def _refused(self, row: Row) -> str:
        """Names who asked; whom and which queue it was about, as far as there are such."""
        asked = row["by"] or row["agent_id"]
        who = (
            "The operator (system)"
            if asked == BY_SYSTEM
            else self._names.agent(asked) or "Somebody"
        )
        text = f"{who} is refused: " + str(row["action"]).replace("_", " ")
        if row["agent_id"] and row["agent_id"] != asked:
            text += f" ({self._names.agent(row['agent_id'])})"
        if row["queue_id"]:
            text += f" in {self._names.queue(row['queue_id'])}"
        return f"{text}, {row['why']}"

    def _called_back(self, row: Row) -> str:
        who = self._ledger.name_of_call(row["caller_call_id"])
        if row["outcome"] == "succeeded":
            return f"{who} has been called back, {seconds(row['wait_ms'])} after calling"
        queue = self._names.queue(row["queue_id"])
        return f"{who} is not called back by {queue}: {CALLED_BACK_NOT[row['reason']]}"

    def _caller(self, row: Row) -> str:
        return self._ledger.name_of_call(row["call_id"])

    def _waited(self, row: Row) -> str:
        if row["visit_id"] is None:
            return ""
        asked = "SELECT wait_ms FROM queue_visits WHERE visit_id = ? AND wait_ms IS NOT NULL"
        found = self._ledger.query(asked, [row["visit_id"]])
        return f" (waited {seconds(found[0]['wait_ms'])})" if found else ""


def _rating(row: Row) -> str:
    if row["why"] == "answered":
        return f"answers {row['pressed']}: score {row['score']:+}"
    return f"is asked, and {NOT_RATED[row['why']]}"


def _told_otherwise(news: News, queued: set[str]) -> bool:
    return news.row["call_id"] in queued or news.row["source"] == "callback"


def _crowd_of(news: News) -> tuple[object, ...]:
    row = news.row
    return (news.kind, news.began, row.get("queue_id"), row.get("outcome"), row.get("reason"))
