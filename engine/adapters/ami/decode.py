"""Manager messages to plain statements about phones. Pure; never raises for what Asterisk sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.core.ids import EndpointName
from engine.core.inputs import DeviceState

_TECHNOLOGY: Final = "PJSIP/"

_STATES: Final = {
    # DeviceStateChange's spelling and, where it differs, EndpointList's ("Not in use").
    "UNKNOWN": DeviceState.UNKNOWN,
    "NOT_INUSE": DeviceState.NOT_INUSE,
    "NOT IN USE": DeviceState.NOT_INUSE,
    "INUSE": DeviceState.INUSE,
    "IN USE": DeviceState.INUSE,
    "BUSY": DeviceState.BUSY,
    "INVALID": DeviceState.INVALID,
    "UNAVAILABLE": DeviceState.UNAVAILABLE,
    "RINGING": DeviceState.RINGING,
    "RINGINUSE": DeviceState.RINGINUSE,
    "RING+INUSE": DeviceState.RINGINUSE,
    "ONHOLD": DeviceState.ONHOLD,
    "ON HOLD": DeviceState.ONHOLD,
}
_PEER_STATUS: Final = {"Reachable": True, "Unreachable": False}


@dataclass(frozen=True, slots=True)
class PeerSaid:
    """At least one contact of the endpoint can be reached, or none can any more."""

    endpoint: EndpointName
    reachable: bool


@dataclass(frozen=True, slots=True)
class DeviceSaid:
    """The endpoint's device state is now this (as a change, or as a row of the list of all)."""

    endpoint: EndpointName
    state: DeviceState


@dataclass(frozen=True, slots=True)
class Booted:
    """All modules of Asterisk are loaded, so lists are complete."""


@dataclass(frozen=True, slots=True)
class PhonesReloaded:
    """Asterisk read the configuration of its endpoints again: some may be new, some gone."""


@dataclass(frozen=True, slots=True)
class Meaningless:
    """A message that says nothing to us. `kind` is safe to log: it holds no caller's number."""

    kind: str


@dataclass(frozen=True, slots=True)
class Unasked:
    """An event that we have no use for. `kind` is safe to log."""

    kind: str


Said = PeerSaid | DeviceSaid | Booted | PhonesReloaded | Meaningless | Unasked


def decode_event(headers: Mapping[str, str]) -> Said:
    """Returns what an event says. `headers` must find names in any case, as panoramisk's do."""
    event = headers.get("Event", "")
    if event == "DeviceStateChange":
        return _device(headers)
    if event == "PeerStatus":
        return _peer(headers)
    if event == "FullyBooted":
        return Booted()
    if event == "Reload":
        return _reload(headers)
    return Unasked(f"event {_shown(event)}")


def decode_endpoint(headers: Mapping[str, str]) -> DeviceSaid | Meaningless:
    """Returns what one row (event EndpointList) of PJSIPShowEndpoints says."""
    name = headers.get("ObjectName")
    if not isinstance(name, str) or not name:
        return Meaningless("EndpointList without ObjectName")
    state = _state(headers.get("DeviceState"))
    if state is None:
        return Meaningless(f"EndpointList with DeviceState {_shown(headers.get('DeviceState'))}")
    return DeviceSaid(EndpointName(name), state)


def _device(headers: Mapping[str, str]) -> Said:
    endpoint = _endpoint(headers, "DeviceStateChange", "Device")
    if not isinstance(endpoint, str):
        return endpoint
    state = _state(headers.get("State"))
    if state is None:
        return Meaningless(f"DeviceStateChange with State {_shown(headers.get('State'))}")
    return DeviceSaid(EndpointName(endpoint), state)


def _peer(headers: Mapping[str, str]) -> Said:
    endpoint = _endpoint(headers, "PeerStatus", "Peer")
    if not isinstance(endpoint, str):
        return endpoint
    status = headers.get("PeerStatus")
    reachable = _PEER_STATUS.get(status) if isinstance(status, str) else None
    if reachable is None:
        return Meaningless(f"PeerStatus with PeerStatus {_shown(status)}")
    return PeerSaid(EndpointName(endpoint), reachable)


def _reload(headers: Mapping[str, str]) -> Said:
    module, status = headers.get("Module"), headers.get("Status")
    if not isinstance(module, str) or not isinstance(status, str):
        return Meaningless("Reload without one Module and one Status")
    if status == "0" and (module == "All" or "pjsip" in module):
        return PhonesReloaded()
    return Unasked("Reload of no use")


def _endpoint(headers: Mapping[str, str], event: str, name: str) -> str | Meaningless | Unasked:
    device: object = headers.get(name)
    if isinstance(device, str):
        technology, slash, endpoint = device.partition("/")
        if f"{technology}{slash}" == _TECHNOLOGY and endpoint and "/" not in endpoint:
            return endpoint
        if device and technology != "PJSIP":  # Such as Stasis:name or Local/100@context.
            return Unasked(f"{event} of something else than a PJSIP endpoint")
    return Meaningless(f"{event} without a {name} of the form PJSIP/<endpoint>")


def _state(text: object) -> DeviceState | None:
    return _STATES.get(text.upper()) if isinstance(text, str) else None


def _shown(value: object) -> str:
    """Shortens what a stranger sent, and takes the sting out of control characters."""
    if value is None:
        return "missing"
    return repr(value if isinstance(value, str) else type(value).__name__)[:40]
