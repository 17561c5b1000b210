"""Which Asterisks are warned of."""

import pytest

from engine.adapters.ari.faults import known_fault, version_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "version",
    ["22.10.1", "22.10.1+dfsg+~cs6.17.60671434-1", "22.9.0", "22.10.0-rc1", "20.15.2", "18.26.4"],
)
def test_an_older_one_is_said_to_die_of_a_transfer_and_what_helps(version):
    line = known_fault(version)
    number = version.partition("+")[0].partition("-")[0]
    assert line.startswith(f"Asterisk {number} is older than 22.11: it dies")
    assert "Refer-Sub: false" in line
    assert "asterisk/asterisk#2021" in line
    assert "transfers: false" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "version", ["22.11.0", "22.11.0-rc1", "22.11.0~dfsg", "22.100.0", "23.1.0"]
)
def test_nothing_is_said_of_newer_ones(version):
    assert not known_fault(version)


@pytest.mark.parametrize("version", ["", "GIT-22-abcdef", "certified-22.8-cert1", "22", "22.x"])
def test_nothing_is_said_of_what_is_no_release(version):
    assert not known_fault(version)


def test_the_version_is_what_asterisk_says():
    assert version_of({"status": {}, "system": {"version": "22.10.1"}}) == "22.10.1"


@pytest.mark.parametrize("info", [None, [], {}, {"system": []}, {"system": {"version": 22}}])
def test_no_version_is_an_empty_one(info):
    assert not version_of(info)
