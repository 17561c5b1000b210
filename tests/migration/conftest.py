"""The same databases as for tests/db."""

from __future__ import annotations

from tests.db.conftest import database, databases, postgres

__all__ = ["database", "databases", "postgres"]
