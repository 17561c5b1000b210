"""docs/records.md says what is there: no table, column or JSON key is missing from it, or made up."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import pytest
from sqlalchemy import Table, text

from engine.adapters.db import SqlFactStore
from engine.adapters.db.history import History
from engine.adapters.db.tables import HISTORIES, MOMENTS, epochs
from engine.adapters.db.words import CALLBACK_REASONS, OFFER_REASONS, VISIT_REASONS
from engine.core.facts import (
    CallbackOutcome,
    CallbackReason,
    CallbackTrigger,
    CallEnd,
    OfferReason,
    ParkEnd,
    PauseEnd,
    RouteReason,
    SourceKind,
    SurveyEnd,
    TransferKind,
    VisitReason,
    WrapupEnd,
)
from engine.core.policy import MonitorMode, Presence
from engine.core.waiting import HoursKind
from engine.reports import ReportKind
from engine.reports.columns import COLUMNS, Form
from tests.db.databases import Database
from tests.db.desk import DeskStory, consulted_call, transferred_call

pytestmark = pytest.mark.db

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "records.md").read_text()
SHARED = {"epoch_no", "started_at_ms", "started_seq", "ended_at_ms", "ended_seq", "overtaken_seq"}


def cells(first: str) -> list[str]:
    """The cells of the one table row that begins so."""
    [line] = [line for line in TEXT.splitlines() if line.startswith(f"| {first}")]
    return [cell.strip() for cell in line.split("|") if cell.strip()]


def words(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


@pytest.mark.parametrize("history", HISTORIES.values(), ids=lambda each: each.table.name)
def test_every_column_is_described(history: History) -> None:
    _, row_id, start, *rest = cells(f"`{history.table.name}`")
    end = rest[0] if rest else ""  # Nothing is told at the end of some.
    described = {*words(row_id), *words(start), *words(end)}
    assert described == {column.name for column in history.table.columns} - SHARED
    assert set(history.ending) - SHARED == set(words(end))


@pytest.mark.parametrize("table", MOMENTS.values(), ids=lambda each: each.name)
def test_every_column_of_what_does_not_last_is_described(table: Table) -> None:
    _, key, columns = cells(f"`{table.name}`")
    names = columns.split("; the pause itself")[0]
    assert {*words(key), *words(names)} == {column.name for column in table.columns}


def test_every_table_is_described() -> None:
    for table in epochs.metadata.tables:
        assert f"| `{table}`" in TEXT, table


@pytest.mark.parametrize("kind", list(ReportKind))
def test_every_json_key_is_described(kind: ReportKind) -> None:
    keys = []
    for column in COLUMNS[kind]:
        if column.form is Form.TIME:
            keys.append(column.name.removesuffix("_ms"))
        keys.append(column.name)
    assert words(cells(f"{kind.value} | `")[1]) == keys


def test_every_reason_is_described() -> None:
    """One table has both: visit, reasons, nothing, offer, reasons."""
    rows = [cells(f"{outcome} | ") for outcome in ("answered", "abandoned", "missed")]
    visits = {row[0]: set(row[1].split(", ")) for row in rows}
    offers = {row[-2]: set(row[-1].split(", ")) for row in rows}
    assert visits == {
        each.value: {why.value for why in VISIT_REASONS[each]} for each in VISIT_REASONS
    }
    assert offers == {
        each.value: {why.value for why in OFFER_REASONS[each]} for each in OFFER_REASONS
    }


def test_a_reason_goes_with_one_outcome() -> None:
    """A new reason has to be put somewhere, or its facts would be rejected."""
    assert sorted(itertools.chain(*VISIT_REASONS.values())) == sorted(VisitReason)
    assert sorted(itertools.chain(*CALLBACK_REASONS.values())) == sorted(CallbackReason)
    both = [OfferReason.FORWARDED]  # Missed, or cancelled where it is followed.
    assert sorted(itertools.chain(*OFFER_REASONS.values())) == sorted([*OfferReason, *both])


@pytest.mark.parametrize(
    ("first", "vocabulary"),
    [
        ("`calls`", SourceKind),
        ("`calls`", CallEnd),
        ("`pauses`", PauseEnd),
        ("`wrapups`", WrapupEnd),
        ("`parkings`", ParkEnd),
        ("`monitors`", MonitorMode),
        ("`transfers`", TransferKind),
        ("`presence_changes`", Presence),
        ("`callbacks`", CallbackTrigger),
        ("`callbacks`", CallbackOutcome),
        ("`callbacks`", CallbackReason),
        ("`surveys`", SurveyEnd),
        ("`routes_taken`", RouteReason),
        ("`queue_hours_changes`", HoursKind),
    ],
)
def test_every_word_is_described(first: str, vocabulary: type[StrEnum]) -> None:
    [line] = [line for line in TEXT.splitlines() if line.startswith(f"| {first}")]
    assert f"({', '.join(vocabulary)})" in line


@pytest.mark.parametrize("record", [transferred_call, consulted_call])
def test_the_example_query_tells_who_talked_when(
    record: Callable[[DeskStory], None], database: Database
) -> None:
    story = DeskStory()
    record(story)
    store = SqlFactStore(database.url)
    store.write("e1", story.facts)
    store.close()
    [query] = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    with database.connect() as connection:
        rows = connection.execute(text(query), {"call_id": "c1"}).all()
    told = [(row.call_id, row.party, row.talk_ms, row.ended_by) for row in rows]
    assert (
        told
        == {
            transferred_call: [
                ("c1", "1001", 10_000, "transferred"),
                ("c1", "1003", 7_000, "caller"),
            ],
            consulted_call: [
                ("c1", "1001", 13_000, "transferred"),
                ("c2", "1003", 6_000, "transferred"),
                ("c1", "1003", 9_000, "caller"),
            ],
        }[record]
    )


def test_the_rest_of_a_call_is_of_its_family(database: Database) -> None:
    story = DeskStory()
    story.call("c1")
    story.direct_talk("c1", "1001")
    story.wait(3_000).talk_over("c1", 1, CallEnd.TRANSFERRED)
    story.rest_of_call("leg-c1-1", "c1")
    story.call_over("c1", CallEnd.TRANSFERRED)
    story.transfer("leg-c1-1", "5550100", "1003")
    story.wait(1_000).direct_talk("leg-c1-1", "1003")
    story.wait(4_000).talk_over("leg-c1-1")
    story.call("c9")
    story.direct_talk("c9", "1007")
    store = SqlFactStore(database.url)
    store.write("e1", story.facts)
    store.close()
    [query] = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
    with database.connect() as connection:
        rows = connection.execute(text(query), {"call_id": "c1"}).all()
    assert [(row.caller_number, row.party, row.talk_ms) for row in rows] == [
        ("5550100", "1001", 3_000),
        ("1001", "1003", 4_000),
    ]
