"""Hot reload: what changed, and what waits for a restart."""

import pytest

from engine.config import needs_restart, read_if_changed
from tests.support.config_files import BASE, changed, loaded, write

pytestmark = pytest.mark.unit


def test_an_unchanged_directory_is_not_read_again(tmp_path):
    first = read_if_changed(write(tmp_path, BASE), None)
    assert first.examined.configuration is not None
    assert read_if_changed(tmp_path, first.digest) is None
    write(tmp_path, BASE)
    assert read_if_changed(tmp_path, first.digest) is None


@pytest.mark.parametrize("name", ["a.yaml", "b.yaml"])
def test_a_changed_or_a_new_file_is_seen(tmp_path, name):
    first = read_if_changed(write(tmp_path, BASE), None)
    write(tmp_path, BASE + "# more\n" if name == "a.yaml" else "# new\n", name)
    again = read_if_changed(tmp_path, first.digest)
    assert again.digest != first.digest
    assert again.examined == first.examined


def test_a_renamed_file_is_a_change_because_order_may_count(tmp_path):
    first = read_if_changed(write(tmp_path, BASE), None)
    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    assert read_if_changed(tmp_path, first.digest) is not None


def test_mistakes_are_told_once_per_change(tmp_path):
    reading = read_if_changed(write(tmp_path, BASE + "x: 1\n"), None)
    assert reading.examined.configuration is None
    assert [each.path for each in reading.examined.problems] == ["x"]
    assert read_if_changed(tmp_path, reading.digest) is None


def test_a_directory_that_vanished_is_a_change_with_a_problem(tmp_path):
    directory = tmp_path / "c"
    directory.mkdir()
    first = read_if_changed(write(directory, BASE), None)
    (directory / "a.yaml").unlink()
    directory.rmdir()
    gone = read_if_changed(directory, first.digest)
    assert gone.examined.configuration is None
    assert read_if_changed(directory, gone.digest) is None


@pytest.mark.row("Q-10")
@pytest.mark.parametrize(
    ("old", "new", "restart"),
    [
        ("queues:\n", "# a comment\n\nqueues:\n", ()),
        ("queues:\n", "queues:\n  '6402': {name: New}\n", ()),
        ("name: Sales", "name: Sales\n    weight: 3", ()),
        ("name: Ann", "name: Anna", ()),
        ("sip.example.net", "sip.example.org", ()),
        ("{env: ARI}", "{env: ARI2}", ("nodes",)),
    ],
)
def test_only_nodes_wait_for_a_restart(tmp_path, old, new, restart):
    assert needs_restart(loaded(tmp_path, BASE), loaded(tmp_path, changed(BASE, old, new))) == (
        restart
    )


@pytest.mark.parametrize(
    ("setting", "restart"),
    [
        ("sip: {port: 5062}", ("settings.sip",)),
        ("rtp: {port_last: 30000}", ("settings.rtp",)),
        ("music: {default: /srv/music}", ()),
        ("database: {url: 'sqlite:////x'}", ("settings.database",)),
        ("data_directory: /x", ("settings.data_directory",)),
        ("recordings: {directory: /srv/spool}", ("settings.recordings",)),
        ("control_socket: true", ("settings.control_socket",)),
        ("parking: {first: '701', last: '702'}", ()),
        ("max_calls: 3", ()),
    ],
)
def test_settings_that_are_read_once_wait_for_a_restart(tmp_path, setting, restart):
    new = BASE + f"settings: {{{setting}}}\n"
    assert needs_restart(loaded(tmp_path, BASE), loaded(tmp_path, new)) == restart
