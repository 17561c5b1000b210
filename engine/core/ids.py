"""Names of things, as distinct types so that the checker refuses a mix-up.

Every id is a string that means the same in Usher, in Asterisk and in the database:

* a call is named by its caller's channel id in Asterisk (which carries the node's system name);
* a leg (a phone that Usher rings) by a channel id that Usher chose, so that a repeated command or
  a restart recognises it. The same holds for bridges and playbacks, for a call that Usher itself
  places (it rings the first party's phone), and for the listening ears of monitors and recorders.
"""

from __future__ import annotations

from typing import Final, NewType

NodeId = NewType("NodeId", str)
"""An Asterisk, by its name in the configuration."""

CallId = NewType("CallId", str)
"""One caller's stay in the system: the caller's channel id."""

LegId = NewType("LegId", str)
"""One phone rung by Usher: that channel's id. An offer's id is its leg's id."""

VisitId = NewType("VisitId", str)
"""One stay of one call in one queue."""

QueueId = NewType("QueueId", str)
"""A queue, by its number (which never changes once created)."""

AgentId = NewType("AgentId", str)
"""An agent, by the number of the extension on which the agent works."""

EndpointName = NewType("EndpointName", str)
"""A SIP endpoint as Asterisk names it: a trunk's name or an extension's number."""

TalkId = NewType("TalkId", str)
"""One talk of a leg: the leg's id, and for its later talks (after a transfer) a suffix."""

MonitorId = NewType("MonitorId", str)
"""One spell of a supervisor's monitoring in one mode; the id of its spy channel too."""

RecordingId = NewType("RecordingId", str)
"""One recording of one talk; its recorder channel's id too."""

PlaybackId = NewType("PlaybackId", str)
BridgeId = NewType("BridgeId", str)

LEG_PREFIX: Final = "leg-"
BRIDGE_PREFIX: Final = "talk-"
PLAYBACK_PREFIX: Final = "play-"
OWN_PREFIX: Final = "own-"
SPY_PREFIX: Final = "spy-"
RECORDER_PREFIX: Final = "rec-"
MONITOR_BRIDGE_PREFIX: Final = "ear-"


def leg_id_of(call_id: CallId, ordinal: int) -> LegId:
    """Returns the id of the `ordinal`th phone rung for this call (1 is the first)."""
    return LegId(f"{LEG_PREFIX}{call_id}-{ordinal}")


def visit_id_of(call_id: CallId, ordinal: int) -> VisitId:
    """Returns the id of the `ordinal`th queue visit of this call (1 is the first)."""
    return VisitId(f"{call_id}-v{ordinal}")


def bridge_id_of(leg_id: LegId) -> BridgeId:
    """Returns the bridge in which this leg talks: one per leg, so an id is never used twice."""
    return BridgeId(f"{BRIDGE_PREFIX}{leg_id}")


def talk_id_of(leg_id: LegId, ordinal: int) -> TalkId:
    """Returns the id of the `ordinal`th talk of this leg (1 is the first)."""
    return TalkId(leg_id if ordinal == 1 else f"{leg_id}-t{ordinal}")


def own_call_id_of(epoch: str, ordinal: int) -> CallId:
    """Returns the id of a call that Usher places: the channel of the phone that is rung first."""
    return CallId(f"{OWN_PREFIX}{epoch}-{ordinal}")


def monitor_id_of(call_id: CallId, ordinal: int) -> MonitorId:
    """Returns the id of the `ordinal`th spell of monitoring in this supervisor's call."""
    return MonitorId(f"{SPY_PREFIX}{call_id}-{ordinal}")


def monitor_bridge_id_of(call_id: CallId) -> BridgeId:
    """Returns the bridge in which the supervisor whose call this is hears a spy channel."""
    return BridgeId(f"{MONITOR_BRIDGE_PREFIX}{call_id}")


def recording_id_of(talk_id: TalkId, ordinal: int) -> RecordingId:
    """Returns the id of the `ordinal`th recording of this talk."""
    return RecordingId(f"{RECORDER_PREFIX}{talk_id}-{ordinal}")


def playback_id_of(channel_id: str, ordinal: int) -> PlaybackId:
    """Returns the id of the `ordinal`th prompt played on this channel."""
    return PlaybackId(f"{PLAYBACK_PREFIX}{channel_id}-{ordinal}")


def is_leg(channel_id: str) -> bool:
    """Tells a leg's channel, a phone that Usher rings for a call, by its id.

    Usher makes others too: calls that it places (`is_own`) and ears (`is_ear`). And by a transfer or
    a retrieval a caller's own channel may become a leg, which its id does not tell.
    """
    return channel_id.startswith(LEG_PREFIX)


def is_own(channel_id: str) -> bool:
    """Tells a call that Usher placed from one that dialled in. Its channel behaves like a leg's."""
    return channel_id.startswith(OWN_PREFIX)


def is_ear(channel_id: str) -> bool:
    """Tells a channel that only listens (a spy's or a recorder's) from a phone's."""
    return channel_id.startswith((SPY_PREFIX, RECORDER_PREFIX))
