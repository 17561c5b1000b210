"""Calls from arrival to end outside of queues: numbers, menus, groups, the dialplan, slots, surveys.

Door: `calls`, `reach`, `keys`, and the places to which a call can go.
Must not: connect anybody; that is `talking`.
"""
