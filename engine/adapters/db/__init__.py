"""The archive's shelves: facts into SQLite or PostgreSQL, and typed rows out of them for reports.

Door: `SqlFactStore`, `SqlReportStore`, `schema` (upgrade, check, require).
Must not: decide what a figure means (that is `engine.reports`), let SQL or a row's values out.
"""

from engine.adapters.db.connect import BadDatabaseUrl
from engine.adapters.db.report_store import SqlReportStore
from engine.adapters.db.revision import SchemaMismatch
from engine.adapters.db.store import SqlFactStore, StoreCounts

__all__ = ["BadDatabaseUrl", "SchemaMismatch", "SqlFactStore", "SqlReportStore", "StoreCounts"]
