"""Hot reload: what changed, what has to be rendered, what waits for a restart."""

import pytest

from engine.config import Difference, diff, read_if_changed
from engine.config.reload import RENDERED_FILES
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


def differences(tmp_path, old, new):
    return diff(loaded(tmp_path, old), loaded(tmp_path, new))


def test_comments_and_lines_are_no_difference(tmp_path):
    changes = differences(tmp_path, BASE, "# a comment\n\n" + BASE)
    assert not changes
    assert (changes.render, changes.restart) == ((), ())


@pytest.mark.row("Q-10")
def test_queues_added_removed_and_changed_are_named_and_nothing_is_rendered(tmp_path):
    old = changed(BASE, "queues:\n", "queues:\n  '6401': {name: Old}\n")
    new = changed(BASE, "name: Sales", "name: Sales\n    weight: 3")
    new = changed(new, "queues:\n", "queues:\n  '6402': {name: New}\n")
    changes = differences(tmp_path, old, new)
    assert changes
    assert changes.of("queues") == Difference(("6402",), ("6401",), ("6400",))
    assert set(changes.sections) == {"queues"}
    assert (changes.settings, changes.render, changes.restart) == ((), (), ())
    assert changes.of("trunks") == Difference()


@pytest.mark.parametrize(
    ("old", "new", "render", "restart"),
    [
        ("name: Ann", "name: Anna", ("pjsip.conf", "extensions.conf"), ()),
        ("sip.example.net", "sip.example.org", ("pjsip.conf", "extensions.conf"), ()),
        ("{name: Benjamin}", "{}", (), ()),
        ("{env: ARI}", "{env: ARI2}", RENDERED_FILES, ("nodes",)),
    ],
)
def test_what_is_rendered_and_what_waits_for_a_restart(tmp_path, old, new, render, restart):
    changes = differences(tmp_path, BASE, changed(BASE, old, new))
    assert (changes.render, changes.restart) == (render, restart)


@pytest.mark.parametrize(
    ("setting", "render", "restart"),
    [
        ("sip: {port: 5062}", ("pjsip.conf",), ("settings.sip",)),
        ("rtp: {port_last: 30000}", ("rtp.conf",), ("settings.rtp",)),
        ("music: {default: /srv/music}", ("musiconhold.conf",), ()),
        ("database: {url: 'sqlite:////x'}", (), ("settings.database",)),
        ("data_directory: /x", (), ("settings.data_directory",)),
        ("max_calls: 3", (), ()),
    ],
)
def test_changed_settings(tmp_path, setting, render, restart):
    changes = differences(tmp_path, BASE, BASE + f"settings: {{{setting}}}\n")
    assert changes.settings == (setting.partition(":")[0],)
    assert (changes.render, changes.restart) == (render, restart)


def test_another_order_of_routes_is_a_change(tmp_path):
    a = "  a: {pattern: '1', destination: hang_up}\n"
    b = "  b: {pattern: '2', destination: hang_up}\n"
    text = BASE + "inbound_routes:\n"
    changes = differences(tmp_path, text + a + b, text + b + a)
    assert changes
    assert (changes.order, dict(changes.sections)) == (("inbound_routes",), {})
