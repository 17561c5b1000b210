"""Asterisk's call control (ARI): events in, commands out, over one websocket per node.

Door: `AriTelephony`, the port `Telephony`; its `lamps` are the port `LampBoard`.
Must not: decide anything about calls; know other adapters. `decode` and `encode` are pure.
"""

from engine.adapters.ari.telephony import AriTelephony

__all__ = ["AriTelephony"]
