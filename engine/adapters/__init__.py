"""The border: one room per foreign power, strangers to each other.

Door: each room's own (`ari`, `ami`, `card`, `clock`, `control`, `db`, `files`, `render`,
`scheduler`); `fakes` has in-memory twins of `ari` and `ami`, shipped and checked by the same contract tests.
Must not: know another adapter, or decide anything about calls.
"""
