"""Supervisors' ears and recordings in agents' talks.

Door: `monitoring`, `recording`.
Must not: change who talks to whom.
"""
