"""The caller's wait: callbacks and their attempts, surveys, ways taken, opening hours.

New tables only: nothing is copied, nothing is locked, whatever is there already.
"""

# ruff: noqa: INP001

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = "ended_seq IS NULL AND overtaken_seq IS NULL"

_VIEWED = {
    "callbacks": ("started_at_ms", "ended_at_ms", "entered_at_ms"),
    "callback_attempts": ("at_ms",),
    "surveys": ("at_ms",),
    "routes_taken": ("at_ms",),
    "queue_hours_changes": ("at_ms",),
}


def upgrade() -> None:
    """Makes the tables and their views."""
    _callbacks()
    _moments(
        "callback_attempts",
        *(_text(name) for name in ("callback_id", "call_id", "queue_id", "agent_id")),
        sa.Column("attempt", sa.Integer(), nullable=False),
        _law("callback_attempts", "attempt", "attempt >= 1"),
        look_up=("callback_id", "call_id"),
    )
    _moments(
        "surveys",
        *(_text(name) for name in ("talk_id", "call_id", "queue_id", "agent_id", "why")),
        _text("pressed", nullable=True),
        sa.Column("score", sa.Integer()),
        _law(
            "surveys",
            "answer",
            "(why = 'answered') = (score IS NOT NULL) AND (pressed IS NULL) = (score IS NULL)",
        ),
        look_up=("talk_id",),
    )
    _moments(
        "routes_taken",
        *(_text(name) for name in ("call_id", "from_place", "target", "why")),
        _text("pressed", nullable=True),
        look_up=("call_id",),
    )
    _moments(
        "queue_hours_changes",
        *(_text(name) for name in ("queue_id", "kind")),
        _text("holiday", nullable=True),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        _text("by"),
        look_up=(),
    )
    for table, columns in _VIEWED.items():
        op.execute(_view(table, columns))


def downgrade() -> None:
    """Goes back; what these tables hold is lost."""
    for table in _VIEWED:
        op.execute(f"DROP VIEW {table}_utc")
        op.drop_table(table)


def _callbacks() -> None:
    laws = {
        "told": "started_seq IS NOT NULL OR ended_seq IS NOT NULL",
        "start": "(started_at_ms IS NULL) = (started_seq IS NULL)",
        "end": "(ended_at_ms IS NULL) = (ended_seq IS NULL)",
        "end_told": "(outcome IS NULL) = (ended_seq IS NULL)",
        "order": "ended_at_ms >= started_at_ms",
        "outcome": "(outcome IS NULL) = (reason IS NULL)"
        " AND outcome IN ('succeeded', 'failed')"
        " AND (outcome = 'succeeded') = (reason = 'talked')",
        "attempts": "attempts >= 0",
        "wait_ms": "wait_ms >= 0",
    }
    op.create_table(
        "callbacks",
        _text("callback_id"),
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        _text("queue_id"),
        *(
            _text(name, nullable=True)
            for name in ("visit_id", "caller_call_id", "waiting_call_id", "number", "asked_how")
        ),
        _long("entered_at_ms"),
        *(_text(name, nullable=True) for name in ("outcome", "reason", "last_call_id", "agent_id")),
        sa.Column("attempts", sa.Integer()),
        *(
            _long(name)
            for name in (
                *("wait_ms", "started_at_ms", "ended_at_ms"),
                *("started_seq", "ended_seq", "overtaken_seq"),
            )
        ),
        sa.PrimaryKeyConstraint("callback_id", "epoch_no", name="pk_callbacks"),
        _of_epoch("callbacks"),
        *(_law("callbacks", name, condition) for name, condition in laws.items()),
    )
    op.create_index("ix_callbacks_started_at_ms", "callbacks", ["started_at_ms"])
    for name in ("caller_call_id", "waiting_call_id", "last_call_id"):
        op.create_index(f"ix_callbacks_{name}", "callbacks", [name])
    _partial_index("ix_callbacks_startless", ["ended_at_ms"], "started_seq IS NULL", unique=False)
    _partial_index("uq_callbacks_open", ["epoch_no", "queue_id", "number"], _OPEN, unique=True)


def _moments(table: str, *parts: sa.Column | sa.CheckConstraint, look_up: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("epoch_no", sa.Integer(), nullable=False),
        _long("seq", nullable=False),
        _long("at_ms", nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("epoch_no", "seq", name=f"pk_{table}"),
        _of_epoch(table),
    )
    op.create_index(f"ix_{table}_at_ms", table, ["at_ms"])
    for name in look_up:
        op.create_index(f"ix_{table}_{name}", table, [name])


def _partial_index(name: str, columns: list[str], where: str, *, unique: bool) -> None:
    op.create_index(
        name,
        "callbacks",
        columns,
        unique=unique,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _of_epoch(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["epoch_no"], ["epochs.number"], name=f"fk_{table}_epoch_no")


def _law(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _long(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


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
