"""Waiting: entering and leaving lines, offers, announcements, callbacks that keep a place.

Door: `visits`, `offers`, `dispatch`, `announcing`, `callbacks`, `leaving`.
Must not: begin or end talks.
"""
