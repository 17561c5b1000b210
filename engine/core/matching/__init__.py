"""Whom to ring: strategies, shares, skills and terms, who served last.

Door: `strategies.choose`, `conditions`, `sticky`, `shares`.
Must not: ring anybody; that is `queueing`.
"""
