"""docs/records.md says what is there: no table, column or JSON key is missing from it, or made up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.adapters.db.history import History
from engine.adapters.db.tables import HISTORIES, epochs
from engine.adapters.db.words import OFFER_REASONS, VISIT_REASONS
from engine.reports import ReportKind
from engine.reports.columns import COLUMNS, Form

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
    _, row_id, start, end = cells(f"`{history.table.name}`")
    described = {*words(row_id), *words(start), *words(end)}
    assert described == {column.name for column in history.table.columns} - SHARED
    assert set(history.ending) - SHARED == set(words(end))


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
