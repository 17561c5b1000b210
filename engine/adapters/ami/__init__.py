"""The phones of one Asterisk, listened to over its manager interface (AMI) through panoramisk.

Door: `AmiPresence`.
Must not: command Asterisk (that is ARI's work), keep a caller's number, reconnect behind our back.

Why these events (tried on Asterisk 22.10): Asterisk itself sums up all contacts of an endpoint
(several, static, qualified or not, expired) and says so in `PeerStatus`, at the moment at which the
endpoint's device state changes too; that is what it goes by when it dials. `ContactStatus` would
have to be summed up here again. The full picture is one action, `PJSIPShowEndpoints`: it lists every
endpoint with its device state, whereas `PJSIPShowContacts` leaves out static contacts and
`DeviceStateList` lists only what changed since Asterisk started.
"""

from engine.adapters.ami.presence import AmiPresence

__all__ = ["AmiPresence"]
