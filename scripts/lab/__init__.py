"""The laboratory: private Asterisks, databases and phones for the demo, tests and benchmarks.

Door: `asterisk.AsteriskServer`, `postgres.PostgresServer`, `ports.claim`. Standard library only, so
that any script can use it; never imported by `engine`.
"""
