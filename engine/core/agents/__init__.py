"""Agents' shifts: log-in, pauses, wrap-up; and what people may do.

Door: `shifts`, `rights`.
Must not: know of callers or lines' orders.
"""
