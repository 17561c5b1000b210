"""What people at phones dial and ask for about themselves: codes, log-in, pause, presence.

Door: `codes.dial_code`, `agent_actions`, `presence`.
Must not: know of the calls of others.
"""
