"""The border: one room per foreign power, strangers to each other.

Door: each room's own (`ari`, `ami`, `db`, `files`, `clock`, `render`, `scheduler`); `fakes` has the
in-memory twins that are shipped and checked by the same contract tests.
Must not: know another adapter, or decide anything about calls.
"""
