"""Manager messages to statements: right ones, odd ones, nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panoramisk.message import Message

from engine.adapters.ami.decode import (
    Booted,
    DeviceSaid,
    Meaningless,
    PeerSaid,
    PhonesReloaded,
    Unasked,
    decode_endpoint,
    decode_event,
)
from engine.core.inputs import DeviceState

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("state", list(DeviceState))
def test_every_device_state_has_asterisks_spelling(state):
    event = {"Event": "DeviceStateChange", "Device": "PJSIP/100", "State": state.name}
    assert decode_event(event) == DeviceSaid("100", state)


@pytest.mark.parametrize(
    ("spelt", "state"),
    [
        ("Unknown", DeviceState.UNKNOWN),
        ("Not in use", DeviceState.NOT_INUSE),
        ("In use", DeviceState.INUSE),
        ("Busy", DeviceState.BUSY),
        ("Invalid", DeviceState.INVALID),
        ("Unavailable", DeviceState.UNAVAILABLE),
        ("Ringing", DeviceState.RINGING),
        ("Ring+Inuse", DeviceState.RINGINUSE),
        ("On Hold", DeviceState.ONHOLD),
    ],
)
def test_every_device_state_of_the_list_of_endpoints(spelt, state):
    """These are the texts of ast_devstate2str in Asterisk's devicestate.h."""
    assert decode_endpoint({"ObjectName": "100", "DeviceState": spelt}) == DeviceSaid("100", state)


@pytest.mark.parametrize(("status", "reachable"), [("Reachable", True), ("Unreachable", False)])
def test_peer_status(status, reachable):
    event = {"Event": "PeerStatus", "Peer": "PJSIP/trunk-1", "PeerStatus": status}
    assert decode_event(event) == PeerSaid("trunk-1", reachable)


def test_fully_booted():
    assert decode_event({"Event": "FullyBooted"}) == Booted()


@pytest.mark.parametrize("module", ["res_pjsip.so", "All", "res_pjsip_config_wizard.so"])
def test_a_reload_of_phones(module):
    event = {"Event": "Reload", "Module": module, "Status": "0"}
    assert decode_event(event) == PhonesReloaded()


@pytest.mark.parametrize(
    "event", [{"Module": "logger", "Status": "0"}, {"Module": "res_pjsip.so", "Status": "2"}]
)
def test_other_reloads_and_failed_ones_change_no_phone(event):
    assert decode_event({"Event": "Reload"} | event) == Unasked("Reload of no use")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"Event": "DeviceStateChange"}, "without a Device"),
        ({"Event": "DeviceStateChange", "Device": "PJSIP/", "State": "INUSE"}, "without a Device"),
        (
            {"Event": "DeviceStateChange", "Device": "PJSIP/1/2", "State": "INUSE"},
            "without a Device",
        ),
        ({"Event": "DeviceStateChange", "Device": ["PJSIP/1", "PJSIP/2"]}, "without a Device"),
        ({"Event": "DeviceStateChange", "Device": "PJSIP/1"}, "State missing"),
        ({"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": "TIRED"}, "State 'TIRED'"),
        ({"Event": "DeviceStateChange", "Device": "PJSIP/1", "State": ["A", "B"]}, "State 'list'"),
        ({"Event": "PeerStatus", "PeerStatus": "Reachable"}, "without a Peer"),
        ({"Event": "Reload", "Module": "All"}, "one Status"),
        ({"Event": "Reload", "Module": ["a", "b"], "Status": "0"}, "one Module"),
        ({"Event": "PeerStatus", "Peer": "", "PeerStatus": "Reachable"}, "PJSIP/<endpoint>"),
        ({"Event": "PeerStatus", "Peer": "PJSIP/1"}, "PeerStatus missing"),
        ({"Event": "PeerStatus", "Peer": "PJSIP/1", "PeerStatus": "Lagged"}, "'Lagged'"),
        ({"Event": "PeerStatus", "Peer": "PJSIP/1", "PeerStatus": ["A", "B"]}, "'list'"),
    ],
)
def test_a_message_with_something_wrong_says_what(event, kind):
    said = decode_event(event)
    assert isinstance(said, Meaningless)
    assert kind in said.kind


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({}, "without ObjectName"),
        ({"ObjectName": ""}, "without ObjectName"),
        ({"ObjectName": ["1", "2"]}, "without ObjectName"),
        ({"ObjectName": "1"}, "DeviceState missing"),
        ({"ObjectName": "1", "DeviceState": "Sleepy"}, "'Sleepy'"),
    ],
)
def test_a_row_with_something_wrong_says_what(row, kind):
    said = decode_endpoint(row)
    assert isinstance(said, Meaningless)
    assert kind in said.kind


@pytest.mark.parametrize("device", ["Stasis:lamp", "Custom:night", "Local/100@phones", "SIP/100"])
def test_devices_that_are_no_pjsip_endpoints_are_left_alone(device):
    """A manager.conf with wider filters of its own lets them through."""
    for event in ("DeviceStateChange", "PeerStatus"):
        said = decode_event({"Event": event, "Device": device, "Peer": device, "State": "INUSE"})
        assert said == Unasked(f"{event} of something else than a PJSIP endpoint")


def test_other_events_are_told_apart_from_nonsense():
    assert decode_event({"Event": "Hangup", "CallerIDNum": "0401234"}) == Unasked("event 'Hangup'")
    assert decode_event({}) == Unasked("event ''")


def test_a_strangers_event_name_can_neither_forge_log_lines_nor_fill_them():
    said = decode_event({"Event": "X\n2026 INFO all is well" + "y" * 500})
    assert isinstance(said, Unasked)
    assert "\n" not in said.kind
    assert len(said.kind) < 60


_text = st.text("aB/: \n\0é", max_size=20)
_value = st.one_of(_text, st.lists(_text, min_size=2, max_size=3))
_headers = st.dictionaries(
    st.sampled_from(
        ["Event", "Device", "State", "Peer", "PeerStatus", "ObjectName", "DeviceState"]
    ),
    st.one_of(
        _value,
        st.sampled_from(
            ["DeviceStateChange", "PeerStatus", "PJSIP/100", "NOT_INUSE", "Reachable", "In use"]
        ),
    ),
)


@given(_headers)
def test_nothing_that_arrives_makes_it_raise(headers):
    decode_event(Message(headers))
    decode_endpoint(Message(headers))
