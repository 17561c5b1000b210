"""What of ARI the adapter uses, and what Asterisk's own description of it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from engine.adapters.ari.compare import QUESTIONS
from engine.adapters.ari.encode import Making, encode, once_entered, stop_playback, undo
from engine.adapters.ari.requests import AriRequest
from engine.core.commands import (
    AnswerCall,
    AnswerTransfer,
    ChangeRecording,
    Connect,
    DestroyBridge,
    FetchCall,
    HangUpCall,
    HangUpLeg,
    HoldMusic,
    JoinTalk,
    LeaveTalk,
    PlayPrompt,
    PlayToTalk,
    RecordingChange,
    RingPhone,
    SendToDialplan,
    StartMonitor,
    StartRecording,
    StartWaitingSound,
    StopMonitor,
    StopPrompt,
    StopWaitingSound,
    TransferState,
)
from engine.core.ids import (
    CallId,
    EndpointName,
    NodeId,
    bridge_id_of,
    leg_id_of,
    monitor_bridge_id_of,
    monitor_id_of,
    playback_id_of,
    recording_id_of,
    talk_id_of,
)
from engine.core.waiting import WaitingSound

DIGEST = Path(__file__).resolve().parents[1] / "golden" / "ari_api.json"
Json = dict[str, Any]

_NODE, _CALL = NodeId("n"), CallId("CALL")
_LEG = leg_id_of(_CALL, 1)
_SPY, _EAR_BRIDGE = monitor_id_of(_CALL, 1), monitor_bridge_id_of(_CALL)
_RECORDING = recording_id_of(talk_id_of(_LEG, 1), 1)
_RING = RingPhone(_NODE, _LEG, _CALL, EndpointName("1001"), "5", 1, "5", "A", "x")
COMMANDS = (
    AnswerCall(_NODE, _CALL),
    StartWaitingSound(_NODE, _CALL, WaitingSound("m")),
    StartWaitingSound(_NODE, _CALL, WaitingSound(None)),
    StopWaitingSound(_NODE, _CALL, WaitingSound("m")),
    StopWaitingSound(_NODE, _CALL, WaitingSound(None)),
    _RING,
    HangUpLeg(_NODE, _LEG, answered_elsewhere=True),
    Connect(_NODE, bridge_id_of(_LEG), _CALL, _LEG, hold_music="m"),
    DestroyBridge(_NODE, bridge_id_of(_LEG)),
    PlayPrompt(_NODE, playback_id_of(_CALL, 1), _CALL, ("sound:a",), "en"),
    StopPrompt(_NODE, playback_id_of(_CALL, 1), _CALL),
    PlayToTalk(_NODE, playback_id_of(_LEG, 1), bridge_id_of(_LEG), ("sound:a",), "en"),
    FetchCall(_NODE, _CALL, 1),
    SendToDialplan(_NODE, _CALL, "night", "s", (("USHER_CALL", "5"),)),
    HangUpCall(_NODE, _CALL, 16),
    AnswerTransfer(_NODE, _LEG, TransferState.DONE),
    StartMonitor(_NODE, _SPY, _EAR_BRIDGE, _CALL, _LEG, whisper=True),
    StopMonitor(_NODE, _SPY),
    JoinTalk(_NODE, bridge_id_of(_LEG), _CALL, held_id=_LEG),
    LeaveTalk(_NODE, bridge_id_of(_LEG), _CALL, held_id=_LEG),
    HoldMusic(_NODE, _CALL),
    StartRecording(_NODE, _RECORDING, _CALL, "name", stereo=True),
    *(ChangeRecording(_NODE, _RECORDING, "name", False, change) for change in RecordingChange),
)

MODELS: dict[str, tuple[str, ...]] = {
    "StasisStart": ("channel", "args"),
    "StasisEnd": ("channel",),
    "ChannelStateChange": ("channel",),
    "ChannelHangupRequest": ("channel", "cause", "tech_cause", "soft"),
    "ChannelDestroyed": ("channel", "cause", "tech_cause"),
    "ChannelHold": ("channel",),
    "ChannelUnhold": ("channel",),
    "ChannelDtmfReceived": ("channel", "digit"),
    "ChannelTransfer": ("state", "refer_to", "referred_by"),
    "ReferTo": ("requested_destination", "destination_channel"),
    "ReferredBy": ("source_channel",),
    "RequiredDestination": ("protocol_id", "destination"),
    "Dial": ("peer", "forward"),
    "PlaybackFinished": ("playback",),
    "RecordingStarted": ("recording",),
    "RecordingFinished": ("recording",),
    "RecordingFailed": ("recording",),
    "LiveRecording": ("target_uri", "cause"),
    "ApplicationReplaced": (),
    "RESTRequest": (
        "transaction_id",
        "request_id",
        "method",
        "uri",
        "content_type",
        "query_strings",
        "message_body",
    ),
    "RESTResponse": ("request_id", "status_code", "reason_phrase", "message_body"),
    "RESTQueryStringParameter": ("name", "value"),
    "Channel": ("id", "name", "state", "caller", "dialplan", "creationtime"),
    "CallerID": ("name", "number"),
    "DialplanCEP": ("app_data", "app_name", "exten"),
    "Playback": ("id", "state", "target_uri"),
    "Bridge": ("id", "channels"),
    "Application": ("channel_ids",),
    "AsteriskInfo": ("status",),
    "StatusInfo": ("startup_time",),
}
"""Types of the description, and the fields of them that the adapter reads or writes."""


def requests() -> list[AriRequest]:
    """Every request that the adapter makes, in some form."""
    made = [request for command in COMMANDS for request in encode(command)]
    for command in COMMANDS:
        if isinstance(command, Making):
            made += [*once_entered(command), *undo(command)]
    return [*made, stop_playback("p"), *(request for _, request in QUESTIONS)]


def fits(uri: str, path: str) -> bool:
    """Tells whether a request's address is one of `/channels/{channelId}`'s kind."""
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.lstrip("/")))
    return re.fullmatch(pattern, uri) is not None


def digest_of(folder: Path) -> Json:
    """Returns what the description in a folder (rest-api/*.json) says of what we use."""
    operations: dict[str, Json] = {}
    models: dict[str, Json] = {}
    for path in sorted(folder.glob("*.json")):
        described = json.loads(path.read_text(encoding="utf-8"))
        for name, model in described.get("models", {}).items():
            if name in MODELS:
                kinds = {key: each["type"] for key, each in model["properties"].items()}
                models.setdefault(name, {key: kinds[key] for key in MODELS[name] if key in kinds})
        for api in described.get("apis", ()):
            for operation in api.get("operations", ()):
                method, place = operation["httpMethod"], api["path"]
                if not any(each.method == method and fits(each.uri, place) for each in requests()):
                    continue
                parameters = operation.get("parameters", ())
                operations[f"{method} {place}"] = {
                    "query": sorted(p["name"] for p in parameters if p["paramType"] == "query"),
                    "required": sorted(
                        p["name"]
                        for p in parameters
                        if p["paramType"] == "query" and p.get("required")
                    ),
                    "body": sorted(p["name"] for p in parameters if p["paramType"] == "body"),
                }
    return {"operations": operations, "models": models}


def read_digest() -> Json:
    """Returns the frozen digest."""
    digest: Json = json.loads(DIGEST.read_text(encoding="utf-8"))
    return digest
