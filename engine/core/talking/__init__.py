"""Talks and what leads to them: connected, held, passed on, fetched; and where calls go on to.

Door: `talks`, `legs`, `transfers`, `actions`, `summons`, `onward.go_on`, `prompted`.
Must not: reconcile; that is `upkeep`.
"""
