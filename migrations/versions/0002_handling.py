"""What people do with calls: transfers, parking, monitoring, recording, presence, actions.

Words (who ended a call, why an offer was missed and so on) are no law of the tables any more: a new
one would cost a copy of the largest tables on SQLite each time. This migration pays that once. On
PostgreSQL it locks the old tables for a scan of two of them.
"""

# ruff: noqa: INP001

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = "ended_seq IS NULL AND overtaken_seq IS NULL"
_STARTLESS = "started_seq IS NULL"
_SPELL = ("started_at_ms", "ended_at_ms")

_CALL_END = "('caller', 'agent', 'system', 'failed', 'lost')"
_HOW = "('code', 'service', 'config', 'auto')"
_PAUSE_END = "('resumed', 'reason_changed', 'logged_out', 'removed')"
_WRAPUP_END = "('expired', 'ended_early', 'replaced', 'removed')"
_VISIT_MISSED = "('queue_full', 'max_wait', 'queue_removed', 'lost')"
_OFFER_MISSED = "('no_answer', 'busy', 'rejected', 'unreachable', 'failed', 'answered_then_left')"
_OFFER_CANCELLED = (
    "('answered_elsewhere', 'caller_hung_up', 'visit_ended', 'rang_shortly', 'agent_left', 'lost')"
)

_WORDS_BEFORE = {
    "calls": {
        "source": "source IN ('trunk', 'extension')",
        "ended_by": f"ended_by IN {_CALL_END}",
    },
    "queue_visits": {
        "outcome": "(outcome IS NULL) = (reason IS NULL) AND ("
        "outcome = 'answered' AND reason IN ('connected')"
        " OR outcome = 'abandoned' AND reason IN ('caller_hung_up')"
        f" OR outcome = 'missed' AND reason IN {_VISIT_MISSED})",
    },
    "offers": {
        "outcome": "(outcome IS NULL) = (reason IS NULL) AND ("
        "outcome = 'answered' AND reason IN ('answered')"
        f" OR outcome = 'missed' AND reason IN {_OFFER_MISSED}"
        f" OR outcome = 'cancelled' AND reason IN {_OFFER_CANCELLED})",
    },
    "talk_segments": {"ended_by": f"ended_by IN {_CALL_END}"},
    "agent_logins": {
        "login_how": f"login_how IN {_HOW}",
        "logout_how": f"logout_how IN {_HOW}",
    },
    "pauses": {
        "pause_how": f"pause_how IN {_HOW}",
        "ended_why": f"ended_why IN {_PAUSE_END}",
        "resume_how": f"resume_how IN {_HOW}",
    },
    "wrapups": {"ended_why": f"ended_why IN {_WRAPUP_END}"},
}
"""The laws about words that 0001 made."""

_WORDS_NOW = {
    "queue_visits": {
        "outcome": "(outcome IS NULL) = (reason IS NULL)"
        " AND outcome IN ('answered', 'missed', 'abandoned')"
        " AND (outcome = 'answered') = (reason = 'connected')",
    },
    "offers": {
        "outcome": "(outcome IS NULL) = (reason IS NULL)"
        " AND outcome IN ('answered', 'missed', 'cancelled')"
        " AND (outcome = 'answered') = (reason = 'answered')",
    },
}

_UNDONE = (
    ("calls", "source", "'extension'", "source NOT IN ('trunk', 'extension')"),
    ("calls", "ended_by", "'agent'", f"ended_by NOT IN {_CALL_END}"),
    ("talk_segments", "ended_by", "'agent'", f"ended_by NOT IN {_CALL_END}"),
    (
        *("queue_visits", "reason", "'lost'"),
        f"outcome = 'missed' AND reason NOT IN {_VISIT_MISSED}",
    ),
    ("offers", "reason", "'failed'", f"outcome = 'missed' AND reason NOT IN {_OFFER_MISSED}"),
    (
        *("offers", "reason", "'visit_ended'"),
        f"outcome = 'cancelled' AND reason NOT IN {_OFFER_CANCELLED}",
    ),
    ("agent_logins", "login_how", "'service'", f"login_how NOT IN {_HOW}"),
    ("agent_logins", "logout_how", "'service'", f"logout_how NOT IN {_HOW}"),
    ("pauses", "pause_how", "'service'", f"pause_how NOT IN {_HOW}"),
    ("pauses", "resume_how", "'service'", f"resume_how NOT IN {_HOW}"),
    ("pauses", "ended_why", "'removed'", f"ended_why NOT IN {_PAUSE_END}"),
    ("wrapups", "ended_why", "'removed'", f"ended_why NOT IN {_WRAPUP_END}"),
)
"""On the way back words that 0001 does not know become the nearest that it does."""

_VIEWED_BEFORE = {
    "calls": ("arrived_at_ms", *_SPELL),
    "queue_visits": _SPELL,
    "offers": _SPELL,
    "talk_segments": _SPELL,
    "agent_logins": _SPELL,
    "pauses": _SPELL,
    "wrapups": (*_SPELL, "planned_end_at_ms"),
    "action_refusals": ("at_ms",),
}
"""The views of 0001 on tables that are changed here; they are in the way of that."""

_VIEWED_NEW = {
    "parkings": _SPELL,
    "monitors": _SPELL,
    "recordings": _SPELL,
    "recording_marks": ("at_ms",),
    "transfers": ("at_ms",),
    "presence_changes": ("at_ms",),
    "wrapup_extensions": ("at_ms", "planned_end_at_ms"),
    "actions_done": ("at_ms",),
}


def upgrade() -> None:
    """Changes the laws and makes the new tables."""
    _drop_views(_VIEWED_BEFORE)
    _change_laws(_WORDS_BEFORE, _WORDS_NOW)
    for table, columns in {"calls": _CALLS_NEW, "action_refusals": _REFUSALS_NEW}.items():
        for column in columns:
            op.add_column(table, _text(column))
    _rare_index("calls", "parent_id")
    _make_spells()
    _make_moments()
    _make_views({**_VIEWED_BEFORE, **_VIEWED_NEW}, wrapups=_EXTENDED)
    op.execute(_RECORDING_PAUSES)
    op.execute(_ACTIONS)


def downgrade() -> None:
    """Goes back; what only the new tables and columns hold is lost."""
    for view in ("actions", "recording_pauses"):
        op.execute(f"DROP VIEW {view}")
    _drop_views({**_VIEWED_BEFORE, **_VIEWED_NEW})
    for table in _VIEWED_NEW:
        op.drop_table(table)
    for table, column, word, where in _UNDONE:
        op.execute(f"UPDATE {table} SET {column} = {word} WHERE {where}")  # noqa: S608
    op.drop_index("ix_calls_parent_id", "calls")
    for table, columns in {"calls": _CALLS_NEW, "action_refusals": _REFUSALS_NEW}.items():
        for column in columns:
            op.drop_column(table, column)
    _change_laws(_WORDS_NOW, _WORDS_BEFORE)
    _make_views(_VIEWED_BEFORE)


_CALLS_NEW = ("parent_id", "by")
_REFUSALS_NEW = ("request_id", "call_id")


def _change_laws(old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]) -> None:
    for table in {**old, **new}:
        gone, come = old.get(table, {}), new.get(table, {})
        # SQLite changes no CHECK in place: there the batch copies the table. PostgreSQL alters it.
        with op.batch_alter_table(table) as batch:
            for name in gone:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            for name, condition in come.items():
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(condition))


def _make_spells() -> None:
    _history(
        "parkings",
        "park_id",
        _text("call_id", nullable=False),
        _text("slot", nullable=False),
        _text("park_by"),
        _text("ended_why"),
        _text("unpark_by"),
        end_told="ended_why",
        one_open="slot",
    )
    _history(
        "monitors",
        "monitor_id",
        _text("call_id", nullable=False),
        _text("supervisor_call_id"),
        _text("by"),
        _text("agent_id"),
        _text("queue_id"),
        _text("mode"),
        end_told=None,
        one_open="supervisor_call_id",
    )
    _history(
        "recordings",
        "recording_id",
        _text("call_id", nullable=False),
        _text("talk_id"),
        _text("queue_id"),
        _text("agent_id"),
        _text("name"),
        sa.Column("stereo", sa.Boolean()),
        _text("start_by"),
        sa.Column("ok", sa.Boolean()),
        _text("why"),
        _text("stop_by"),
        end_told="ok",
        one_open=None,
    )


def _make_moments() -> None:
    _moments("recording_marks", "recording_id", "call_id", "mark", "by", look_up="recording_id")
    _moments("transfers", "call_id", "kind", "by", "target", "other_call_id?", look_up="call_id")
    _moments("presence_changes", "agent_id", "presence", "how", "by")
    _moments(
        "wrapup_extensions",
        *("wrapup_id", "agent_id", "queue_id"),
        _long("planned_end_at_ms", nullable=False),
        *("how", "by"),
        look_up="wrapup_id",
    )
    _moments("actions_done", "action", "by", "agent_id", "call_id?", "request_id?", "detail")


def _history(
    table: str, row_id: str, *columns: sa.Column, end_told: str | None, one_open: str | None
) -> None:
    """Makes a table of things that begin and end."""
    laws = {
        "told": "started_seq IS NOT NULL OR ended_seq IS NOT NULL",
        "start": "(started_at_ms IS NULL) = (started_seq IS NULL)",
        "end": "(ended_at_ms IS NULL) = (ended_seq IS NULL)",
        "order": "ended_at_ms >= started_at_ms",
    }
    if end_told is not None:
        laws["end_told"] = f"({end_told} IS NULL) = (ended_seq IS NULL)"
    op.create_table(
        table,
        _text(row_id, nullable=False),
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        *columns,
        *(_long(name) for name in (*_SPELL, "started_seq", "ended_seq", "overtaken_seq")),
        sa.PrimaryKeyConstraint(row_id, "epoch_no", name=f"pk_{table}"),
        _of_epoch(table),
        *(_law(table, name, condition) for name, condition in laws.items()),
    )
    op.create_index(f"ix_{table}_started_at_ms", table, ["started_at_ms"])
    _partial_index(f"ix_{table}_startless", table, ["ended_at_ms"], _STARTLESS)
    op.create_index(f"ix_{table}_call_id", table, ["call_id"])
    if one_open is not None:
        _partial_index(f"uq_{table}_open", table, ["epoch_no", one_open], _OPEN, unique=True)


def _moments(table: str, *columns: sa.Column | str, look_up: str | None = None) -> None:
    """Makes a table of things that do not last; columns given by name are texts, `?`: nullable."""
    op.create_table(
        table,
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        _long("seq", nullable=False),
        _long("at_ms", nullable=False),
        *(
            _text(each.removesuffix("?"), nullable=each.endswith("?"))
            if isinstance(each, str)
            else each
            for each in columns
        ),
        sa.PrimaryKeyConstraint("epoch_no", "seq", name=f"pk_{table}"),
        _of_epoch(table),
    )
    op.create_index(f"ix_{table}_at_ms", table, ["at_ms"])
    if look_up is not None:
        op.create_index(f"ix_{table}_{look_up}", table, [look_up])


def _rare_index(table: str, column: str) -> None:
    _partial_index(f"ix_{table}_{column}", table, [column], f"{column} IS NOT NULL")


def _partial_index(
    name: str, table: str, columns: list[str], where: str, *, unique: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _of_epoch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["epoch_no"], ["epochs.number"], name=f"fk_{table}_epoch_no")


def _law(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _text(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _long(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _drop_views(tables: dict[str, tuple[str, ...]]) -> None:
    for table in tables:
        op.execute(f"DROP VIEW {table}_utc")


def _make_views(tables: dict[str, tuple[str, ...]], **added: str) -> None:
    for table, columns in tables.items():
        op.execute(_view(table, columns, added.get(table, "")))


_EXTENDED = """
    (
        SELECT count(*) FROM wrapup_extensions AS more
        WHERE more.wrapup_id = wrapups.wrapup_id AND more.epoch_no = wrapups.epoch_no
    ) AS extensions,
    (
        SELECT max(more.planned_end_at_ms) FROM wrapup_extensions AS more
        WHERE more.wrapup_id = wrapups.wrapup_id AND more.epoch_no = wrapups.epoch_no
    ) AS extended_to_at_ms"""
"""How often a wrap-up was extended, and until when."""


def _view(table: str, columns: tuple[str, ...], added: str = "") -> str:
    if op.get_context().dialect.name == "postgresql":
        form = (
            "to_char(to_timestamp({0} / 1000.0) AT TIME ZONE 'UTC',"
            ' \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\')'
        )
    else:
        form = "strftime('%Y-%m-%dT%H:%M:%fZ', {0} / 1000.0, 'unixepoch')"
    readable = ", ".join(
        f"{form.format(column)} AS {column.removesuffix('_ms')}" for column in columns
    )
    more = f",{added}" if added else ""
    return f"CREATE VIEW {table}_utc AS SELECT {readable}, {table}.*{more} FROM {table}"  # noqa: S608


_RECORDING_PAUSES = """
CREATE VIEW recording_pauses AS
SELECT
    mark.recording_id,
    mark.epoch_no,
    mark.call_id,
    mark.at_ms AS started_at_ms,
    CASE
        WHEN mark.next_mark = 'resumed' THEN mark.next_at_ms
        WHEN mark.next_mark IS NULL THEN recording.ended_at_ms
    END AS ended_at_ms,
    mark.by AS pause_by,
    CASE WHEN mark.next_mark = 'resumed' THEN mark.next_by END AS resume_by
FROM (
    SELECT
        recording_id, epoch_no, call_id, at_ms, mark, by,
        lead(mark) OVER told AS next_mark,
        lead(at_ms) OVER told AS next_at_ms,
        lead(by) OVER told AS next_by
    FROM recording_marks
    WINDOW told AS (PARTITION BY epoch_no, recording_id ORDER BY seq)
) AS mark
LEFT JOIN recordings AS recording
    ON recording.recording_id = mark.recording_id AND recording.epoch_no = mark.epoch_no
WHERE mark.mark = 'paused'
"""
"""A pause lasts until the next mark, or to the end of its recording; two in a row: one end is lost."""

_ACTIONS = """
CREATE VIEW actions AS
SELECT epoch_no, seq, at_ms, 'done' AS outcome, action, by, agent_id, NULL AS queue_id, call_id,
    request_id, detail, NULL AS why
FROM actions_done
UNION ALL
SELECT epoch_no, seq, at_ms, 'refused', action, by, agent_id, queue_id, call_id, request_id, NULL, why
FROM action_refusals
"""
