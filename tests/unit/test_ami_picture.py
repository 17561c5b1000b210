"""The picture of a node's phones: what is posted for what was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.ami.decode import DeviceSaid, PeerSaid
from engine.adapters.ami.picture import Picture
from engine.adapters.ami.presence import retry_ms
from engine.core.inputs import DeviceState, PhoneDevice, PhoneReachable

pytestmark = pytest.mark.unit

UP, DOWN = PeerSaid("100", reachable=True), PeerSaid("100", reachable=False)
IDLE = DeviceSaid("100", DeviceState.NOT_INUSE)
AWAY = DeviceSaid("100", DeviceState.UNAVAILABLE)


def told(picture, *said):
    return [happened for each in said for happened in picture.change(each)]


def reach(yes):
    return PhoneReachable("n", "100", reachable=yes)


def device(state):
    return PhoneDevice("n", "100", state)


def drawn(state):
    picture = Picture("n")
    picture.redraw([DeviceSaid("100", state)])
    return picture


@pytest.mark.parametrize("order", [(DOWN, AWAY), (AWAY, DOWN)])
def test_contact_and_device_may_come_in_either_order(order):
    """Asterisk 22.10 was seen to send them both ways round."""
    posted = told(drawn(DeviceState.NOT_INUSE), *order)
    assert sorted(map(repr, posted)) == sorted(
        map(repr, [reach(yes=False), device(DeviceState.UNAVAILABLE)])
    )


def test_a_flapping_phone_ends_as_it_is_whatever_overtakes():
    """Away and back; the two paths of events overlap."""
    picture = drawn(DeviceState.NOT_INUSE)
    told(picture, DOWN, UP, AWAY, IDLE)
    assert picture.reachable_count() == 1
    told(picture, AWAY, IDLE, DOWN, UP)
    assert picture.reachable_count() == 1
    told(picture, UP, DOWN, IDLE, AWAY)
    assert picture.reachable_count() == 0


def test_listed_in_use_but_without_contact_is_corrected_when_the_call_ends():
    """The list of endpoints does not tell a busy phone that is still there from one that is gone."""
    picture = drawn(DeviceState.INUSE)
    assert picture.reachable_count() == 1
    assert told(picture, AWAY) == [device(DeviceState.UNAVAILABLE), reach(yes=False)]


@pytest.mark.parametrize(
    "state", [DeviceState.UNAVAILABLE, DeviceState.INVALID, DeviceState.UNKNOWN]
)
def test_listed_as_away_is_unreachable(state):
    assert Picture("n").redraw([DeviceSaid("100", state)]) == [reach(yes=False), device(state)]


def test_the_last_row_of_a_phone_that_is_listed_twice_counts():
    picture = Picture("n")
    picture.redraw([AWAY, IDLE])
    assert len(picture) == 1
    assert picture.reachable_count() == 1


class TestCompare:
    """The list of endpoints, taken again after a reload on a living connection."""

    def test_what_is_known_already_is_not_posted_again(self):
        picture = drawn(DeviceState.NOT_INUSE)
        assert picture.compare([IDLE]) == []

    def test_a_new_phone_with_a_contact_of_its_own_is_reachable(self):
        picture = drawn(DeviceState.NOT_INUSE)
        new = DeviceSaid("101", DeviceState.NOT_INUSE)
        assert picture.compare([IDLE, new]) == [
            PhoneReachable("n", "101", reachable=True),
            PhoneDevice("n", "101", DeviceState.NOT_INUSE),
        ]

    def test_a_phone_that_was_taken_out_does_not_exist(self):
        picture = drawn(DeviceState.NOT_INUSE)
        assert picture.compare([]) == [reach(yes=False), device(DeviceState.INVALID)]
        assert len(picture) == 0
        assert picture.compare([]) == []

    def test_in_use_does_not_hide_that_a_phone_has_lost_its_contact(self):
        """The list says "in use" of it; we know better than the list."""
        picture = drawn(DeviceState.INUSE)
        told(picture, DOWN)
        assert picture.compare([DeviceSaid("100", DeviceState.INUSE)]) == []
        assert picture.reachable_count() == 0

    def test_a_change_that_no_event_told_is_found(self):
        picture = drawn(DeviceState.NOT_INUSE)
        assert picture.compare([AWAY]) == [reach(yes=False), device(DeviceState.UNAVAILABLE)]
        assert picture.compare([IDLE]) == [device(DeviceState.NOT_INUSE), reach(yes=True)]


_said = st.one_of(
    st.builds(PeerSaid, st.sampled_from("ab"), st.booleans()),
    st.builds(DeviceSaid, st.sampled_from("ab"), st.sampled_from(DeviceState)),
)


@given(st.lists(_said, max_size=30))
def test_whoever_listens_knows_what_was_said_last(statements):
    """The listener's view, built from the inputs, against the plain meaning of the statements."""
    picture = Picture("n")
    view = {}
    for said in statements:
        for happened in picture.change(said):
            key = (happened.endpoint, type(happened))
            value = getattr(happened, "reachable", getattr(happened, "state", None))
            assert view.get(key) != value, "posted twice"
            view[key] = value
    gone = (DeviceState.UNAVAILABLE, DeviceState.INVALID)
    for name in "ab":
        mine = [said for said in statements if said.endpoint == name]
        peers = [said.reachable for said in mine if isinstance(said, PeerSaid)]
        states = [said.state for said in mine if isinstance(said, DeviceSaid)]
        state = states[-1] if states else DeviceState.UNKNOWN
        expected = bool(peers) and peers[-1] and state not in gone
        assert view.get((name, PhoneReachable), False) is expected
        assert view.get((name, PhoneDevice), DeviceState.UNKNOWN) is state


def test_retries_start_soon_and_settle():
    assert [retry_ms(n, refused=False) for n in (1, 2, 3, 4, 5, 6, 7)] == [
        *(500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000)
    ]
    assert retry_ms(10**6, refused=False) == 10_000


def test_a_refused_log_in_is_retried_slowly():
    assert [retry_ms(n, refused=True) for n in (1, 2, 3, 4, 5, 6)] == [
        *(5_000, 10_000, 20_000, 40_000, 60_000, 60_000)
    ]
