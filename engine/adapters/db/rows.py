"""What a fact does to the tables, as plain values: no SQL, no connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

Value = str | int | bool | None
"""What a column can hold."""


class Grain(StrEnum):
    """What one row is about; the value is the table's name."""

    CALL = "calls"
    VISIT = "queue_visits"
    OFFER = "offers"
    TALK = "talk_segments"
    HOLD = "holds"
    LOGIN = "agent_logins"
    PAUSE = "pauses"
    WRAPUP = "wrapups"
    REFUSAL = "action_refusals"
    AUTO_PAUSE = "auto_pauses"
    PARKING = "parkings"
    MONITOR = "monitors"
    RECORDING = "recordings"
    RECORDING_MARK = "recording_marks"
    TRANSFER = "transfers"
    PRESENCE = "presence_changes"
    WRAPUP_EXTENSION = "wrapup_extensions"
    ACTION = "actions_done"
    CALLBACK = "callbacks"
    CALLBACK_ATTEMPT = "callback_attempts"
    SURVEY = "surveys"
    ROUTE = "routes_taken"
    QUEUE_HOURS = "queue_hours_changes"


class Part(Enum):
    """Which part of a row a fact fills."""

    START = auto()
    END = auto()
    MOMENT = auto()
    """The whole row: something that happened and did not last."""


@dataclass(frozen=True, slots=True)
class RowOp:
    """One fact's part of one row.

    `row_id` names the row within the fact's epoch ("" for a moment, which is named by `seq`).
    `values` are columns by name, beside the ids and times that every row has.
    """

    grain: Grain
    part: Part
    seq: int
    at_ms: int
    row_id: str
    values: Mapping[str, Value]
