"""First tables: the record of calls, visits, offers, talks, and of the agents' shifts."""

# ruff: noqa: INP001

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A migration is history: the words below stay as they were when it was released, whatever becomes
# of the enums in the code. Later words come by later migrations.
_CALL_END = "('caller', 'agent', 'system', 'failed', 'lost')"
_HOW = "('code', 'service', 'config', 'auto')"

_OPEN = "ended_seq IS NULL AND overtaken_seq IS NULL"
_STARTLESS = "started_seq IS NULL"


def upgrade() -> None:
    """Makes everything."""
    _make_bookkeeping()
    _make_calls()
    _make_talks()
    _make_shifts()
    _make_moments()
    for table, columns in _VIEWED.items():
        op.execute(_view(table, columns))


def downgrade() -> None:
    """Removes everything, with all that was recorded."""
    for table in _VIEWED:
        op.execute(f"DROP VIEW {table}_utc")
    for table in (*_VIEWED, "facts_rejected", "facts_seen", "epochs"):
        op.drop_table(table)


def _make_bookkeeping() -> None:
    op.create_table(
        "epochs",
        sa.Column("number", sa.Integer(), nullable=False),
        _text("epoch", nullable=False),
        _long("last_seq", nullable=False),
        _long("seen_from_seq", nullable=False),
        _long("last_at_ms", nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_epochs"),
        sa.UniqueConstraint("epoch", name="uq_epochs_epoch"),
    )
    op.create_table(
        "facts_seen",
        *_by_seq("facts_seen"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "facts_rejected",
        *_by_seq("facts_rejected"),
        _text("kind", nullable=False),
        _text("body", nullable=False),
        _text("error", nullable=False),
    )


def _make_calls() -> None:
    _history(
        "calls",
        "call_id",
        _text("node"),
        _text("source"),
        _text("endpoint"),
        _text("caller_number"),
        _text("caller_name"),
        _text("dialled"),
        _long("arrived_at_ms"),
        _text("ended_by"),
        sa.Column("cause", sa.Integer()),
        end_told="ended_by",
        laws={
            "source": "source IN ('trunk', 'extension')",
            "ended_by": f"ended_by IN {_CALL_END}",
        },
    )
    _history(
        "queue_visits",
        "visit_id",
        _text("call_id", nullable=False),
        _text("queue_id", nullable=False),
        sa.Column("entry_position", sa.Integer()),
        _text("outcome"),
        _text("reason"),
        _text("agent_id"),
        _long("wait_ms"),
        _long("ring_ms"),
        sa.Column("exit_position", sa.Integer()),
        end_told="outcome",
        laws={
            "outcome": "(outcome IS NULL) = (reason IS NULL) AND ("
            "outcome = 'answered' AND reason IN ('connected')"
            " OR outcome = 'abandoned' AND reason IN ('caller_hung_up')"
            " OR outcome = 'missed' AND reason IN"
            " ('queue_full', 'max_wait', 'queue_removed', 'lost'))",
            "entry_position": "entry_position >= 1",
            "exit_position": "exit_position >= 0",
            "ring_ms": "ring_ms >= 0",
            "wait_ms": "wait_ms >= ring_ms",
            "agent_id": "(outcome = 'answered') = (agent_id IS NOT NULL)",
        },
        one_open=("call_id",),
        look_up=("call_id",),
    )
    _history(
        "offers",
        "offer_id",
        _text("visit_id", nullable=False),
        _text("call_id", nullable=False),
        _text("queue_id", nullable=False),
        _text("agent_id", nullable=False),
        sa.Column("attempt", sa.Integer()),
        _text("outcome"),
        _text("reason"),
        _long("ring_ms"),
        sa.Column("cause", sa.Integer()),
        end_told="outcome",
        laws={
            "outcome": "(outcome IS NULL) = (reason IS NULL) AND ("
            "outcome = 'answered' AND reason IN ('answered')"
            " OR outcome = 'missed' AND reason IN ('no_answer', 'busy', 'rejected', 'unreachable',"
            " 'failed', 'answered_then_left')"
            " OR outcome = 'cancelled' AND reason IN ('answered_elsewhere',"
            " 'caller_hung_up', 'visit_ended', 'rang_shortly', 'agent_left', 'lost'))",
            "attempt": "attempt >= 1",
            "ring_ms": "ring_ms >= 0",
        },
        one_open=("agent_id",),
        look_up=("visit_id",),
    )


def _make_talks() -> None:
    _history(
        "talk_segments",
        "talk_id",
        _text("call_id", nullable=False),
        _text("visit_id"),
        _text("queue_id"),
        _text("agent_id"),
        _text("party"),
        _text("ended_by"),
        _long("talk_ms"),
        end_told="ended_by",
        laws={"ended_by": f"ended_by IN {_CALL_END}", "talk_ms": "talk_ms >= 0"},
        one_open=("call_id",),
        look_up=("call_id", "visit_id"),
    )
    _history(
        "holds",
        "hold_id",
        _text("talk_id", nullable=False),
        _text("call_id", nullable=False),
        sa.Column("by_caller", sa.Boolean()),
        _long("hold_ms"),
        end_told="hold_ms",
        laws={"hold_ms": "hold_ms >= 0"},
        one_open=("talk_id", "by_caller"),
        look_up=("talk_id",),
    )


def _make_shifts() -> None:
    whose = ("agent_id", "queue_id")
    _history(
        "agent_logins",
        "spell_id",
        *(_text(name, nullable=False) for name in whose),
        _text("login_how"),
        _text("login_by"),
        _text("logout_how"),
        _text("logout_by"),
        end_told="logout_how",
        laws={"login_how": f"login_how IN {_HOW}", "logout_how": f"logout_how IN {_HOW}"},
        one_open=whose,
    )
    _history(
        "pauses",
        "spell_id",
        *(_text(name, nullable=False) for name in whose),
        _text("reason"),
        _text("pause_how"),
        _text("pause_by"),
        _text("ended_why"),
        _text("resume_how"),
        _text("resume_by"),
        end_told="ended_why",
        laws={
            "pause_how": f"pause_how IN {_HOW}",
            "ended_why": "ended_why IN ('resumed', 'reason_changed', 'logged_out', 'removed')",
            "resume_how": f"resume_how IN {_HOW}",
        },
        one_open=whose,
    )
    _history(
        "wrapups",
        "wrapup_id",
        *(_text(name, nullable=False) for name in whose),
        _text("call_id"),
        _long("planned_end_at_ms"),
        _text("ended_why"),
        end_told="ended_why",
        laws={"ended_why": "ended_why IN ('expired', 'ended_early', 'replaced', 'removed')"},
        one_open=whose,
        look_up=("call_id",),
    )


def _make_moments() -> None:
    for table, rest in (
        ("action_refusals", [_text(name, nullable=False) for name in ("action", "why", "by")]),
        ("auto_pauses", [sa.Column("missed", sa.Integer(), nullable=False)]),
    ):
        laws = [_law(table, "missed", "missed >= 1")] if table == "auto_pauses" else []
        op.create_table(
            table,
            *_by_seq(table),
            _long("at_ms", nullable=False),
            _text("agent_id", nullable=False),
            _text("queue_id", nullable=False),
            *rest,
            *laws,
        )
        op.create_index(f"ix_{table}_at_ms", table, ["at_ms"])


def _history(
    table: str,
    row_id: str,
    *columns: sa.Column,
    end_told: str,
    laws: dict[str, str],
    one_open: tuple[str, ...] = (),
    look_up: tuple[str, ...] = (),
) -> None:
    """Makes a table of things that begin and end."""
    shared_laws = {
        "told": "started_seq IS NOT NULL OR ended_seq IS NOT NULL",
        "start": "(started_at_ms IS NULL) = (started_seq IS NULL)",
        "end": "(ended_at_ms IS NULL) = (ended_seq IS NULL)",
        "end_told": f"({end_told} IS NULL) = (ended_seq IS NULL)",
        "order": "ended_at_ms >= started_at_ms",
    }
    op.create_table(
        table,
        _text(row_id, nullable=False),
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        *columns,
        _long("started_at_ms"),
        _long("ended_at_ms"),
        _long("started_seq"),
        _long("ended_seq"),
        _long("overtaken_seq"),
        sa.PrimaryKeyConstraint(row_id, "epoch_no", name=f"pk_{table}"),
        _of_epoch(table),
        *(_law(table, name, condition) for name, condition in {**shared_laws, **laws}.items()),
    )
    op.create_index(f"ix_{table}_started_at_ms", table, ["started_at_ms"])
    op.create_index(
        f"ix_{table}_startless",
        table,
        ["ended_at_ms"],
        sqlite_where=sa.text(_STARTLESS),
        postgresql_where=sa.text(_STARTLESS),
    )
    for column in look_up:
        op.create_index(f"ix_{table}_{column}", table, [column])
    if one_open:
        op.create_index(
            f"uq_{table}_open",
            table,
            ["epoch_no", *one_open],
            unique=True,
            sqlite_where=sa.text(_OPEN),
            postgresql_where=sa.text(_OPEN),
        )


def _by_seq(table: str) -> tuple[sa.SchemaItem, ...]:
    return (
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        _long("seq", nullable=False),
        sa.PrimaryKeyConstraint("epoch_no", "seq", name=f"pk_{table}"),
        _of_epoch(table),
    )


def _of_epoch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["epoch_no"], ["epochs.number"], name=f"fk_{table}_epoch_no")


def _law(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _text(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _long(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


_SPELL = ("started_at_ms", "ended_at_ms")
_VIEWED = {
    "calls": ("arrived_at_ms", *_SPELL),
    "queue_visits": _SPELL,
    "offers": _SPELL,
    "talk_segments": _SPELL,
    "holds": _SPELL,
    "agent_logins": _SPELL,
    "pauses": _SPELL,
    "wrapups": (*_SPELL, "planned_end_at_ms"),
    "action_refusals": ("at_ms",),
    "auto_pauses": ("at_ms",),
}
"""Every table with times has a view `<table>_utc` that shows them readable (2025-01-31T09:15:00.250Z)."""


def _view(table: str, columns: tuple[str, ...]) -> str:
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
    return f"CREATE VIEW {table}_utc AS SELECT {readable}, {table}.* FROM {table}"  # noqa: S608
