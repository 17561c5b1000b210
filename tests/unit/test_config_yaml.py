"""What can be wrong with files before anybody looks at what they say."""

import os

import pytest

from engine.config import ConfigError, Severity, check, load
from engine.config.compose import DEPTH_MAX
from engine.config.files import FILE_BYTES_MAX, FILES_MAX
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = pytest.mark.unit

MISALIGNED = "indented otherwise than the lines above that belong together"


OPEN = "the quote that is opened here is not closed"
NO_COLON = 'a key without ": " after it'
BEHIND = "text after a quote that ends: put all of the value in quotes"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a:\n  n: x\n  max 5\n  b: 1\n", f"a.yaml:3: {NO_COLON}"),
        ("a:\n  n: x\n  max:5\n\n  # so\n  b: 1\n", f"a.yaml:3: {NO_COLON}"),
        ("a:\n  n: x\n  max:5\n\n# so\n", f"a.yaml:3: {NO_COLON}"),
        ("a:\n  max 5\n\n  n: x\n", f"a.yaml:2: {NO_COLON}"),
        ('a:\n  n: "Help\n  b: 1\n  c: "y"\n', f"a.yaml:2: {OPEN}"),
        ("a:\n  n: 'Help\n  b: 1\n  c: 'y'\n", f"a.yaml:2: {OPEN}"),
        ('a:\n  n: "Help\n  "b": 1\n', f"a.yaml:2: {OPEN}"),
        ('a:\n  - "x\n  - "y"\n', f"a.yaml:2: {OPEN}"),
        ('a:\n  n: "Help\n  b: 1\n', f"a.yaml:2: {OPEN}"),
        ('a:\n  n: "Help" desk\n', f"a.yaml:2: {BEHIND}"),
        ("a:\n  n: 'it's'\n  b: 1\n", f"a.yaml:2: {BEHIND}"),
        ('a:\n  n: "Help\n    more"\n   b: 2\n', f"a.yaml:4: {MISALIGNED}"),
        ('a:\n  n: "Help\n    more" b\n', f"a.yaml:3: {BEHIND}"),
        ("a: some\n  more\n  x: y\n", 'a.yaml:3: a second ": " in the line'),
    ],
)
def test_a_slip_is_reported_in_the_line_where_it_is(tmp_path, text, line):
    [found] = lines_of(write(tmp_path, text))
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("queues:\n\t6400: {}\n", "a.yaml:2: a tab: use blanks"),
        ("queues: {}\n\tx: 1\n", "a.yaml:2: a tab: use blanks"),
        ("queues:\n  a: 1\n b: 2\n", f"a.yaml:3: {MISALIGNED}"),
        ("queues:\n- a\nb: 1\n- c\n", f"a.yaml:4: {MISALIGNED}"),
        (
            "queues: {}\n  x: 1\n",
            f"a.yaml:2: {MISALIGNED}",
        ),
        (
            "queues: a: b\n",
            (
                'a.yaml:1: a second ": " in the line (put such a text in quotes),'
                " or the line is indented too far"
            ),
        ),
        ("queues: {}\nabc\n", 'a.yaml:2: a key without ": " after it'),
        ('queues: "x\na: 1\n', "a.yaml:1: the quote that is opened here is not closed"),
        (
            "queues: [1, 2\na: 1\n",
            'a.yaml:1: the list in [ ] that begins here lacks a "," or its "]"',
        ),
        (
            "queues: {a: 1\nb: 1\n",
            'a.yaml:1: the mapping in { } that begins here lacks a "," or its "}"',
        ),
        (
            "queues: @x\n",
            "a.yaml:1: this character cannot begin a value: put the text in quotes",
        ),
        ("menus: {keys: {*: hang_up}}\n", "a.yaml:1: a * or & by itself: put it in quotes"),
        ("menus:\n  *: hang_up\n", "a.yaml:2: a * or & by itself: put it in quotes"),
        ("queues: {[}\n", "a.yaml:1: not YAML: did not find expected node content while"),
        ("- a\n", "a.yaml:1: must be a mapping of sections such as queues: and trunks:"),
        ("just words\n", "a.yaml:1: must be a mapping of sections such as queues: and trunks:"),
        ("", "a.yaml:1: the file is empty: write something or remove it"),
        ("  \n\n", "a.yaml:1: the file is empty: write something or remove it"),
        ("queues: {}\n---\ntrunks: {}\n", "a.yaml:2: one document per file: remove this ---"),
        ("queues: {}\nqueues: {}\n", "a.yaml:2: queues - stands twice in this mapping: first in"),
        (
            "queues:\n  6400: {}\n  '6400': {}\n",
            "a.yaml:3: queues.6400 - stands twice in this mapping: first in line 2",
        ),
        ("queues: !!python/object:os.system x\n", "a.yaml:1: queues - tags (words after !)"),
        ("queues: !mine {a: b}\n", "a.yaml:1: queues - tags (words after !)"),
        ("queues: *nowhere\n", "a.yaml:1: queues - *nowhere is not defined above"),
        ("queues: &q\n  a: *q\n", "a.yaml:2: queues.a - *q stands inside what it repeats"),
        ("queues: {? [a, b] : c}\n", "a.yaml:1: queues - a key must be a simple text"),
        ("queues:\n  ?\n  : c\n", "a.yaml:2: queues - a key is missing before the colon"),
        ("queues:\n  <<: 3\n", "a.yaml:2: queues - << takes a mapping, such as *name"),
        ("a: \x07\n", "a.yaml:1: a control character (U+0007): remove it"),
        ("a: b\rc: d\n", "a.yaml:1: a control character (U+000D): remove it"),
    ],
)
def test_a_file_that_is_no_good_yaml_gets_a_line_in_words(tmp_path, text, line):
    found = lines_of(write(tmp_path, text))
    assert [each for each in found if each.startswith(line)], found


def test_other_encodings_are_named(tmp_path):
    (tmp_path / "a.yaml").write_bytes("queues: {}\n".encode("utf-16"))
    (tmp_path / "b.yaml").write_bytes(b"trunks: {}\n# caf\xe9\n")
    (tmp_path / "c.yaml").write_bytes(b"\xef\xbb\xbfsettings: {}\n")
    assert lines_of(tmp_path) == [
        "a.yaml:1: encoded in UTF-16: save it as UTF-8",
        "b.yaml:2: a character that is not UTF-8: save it as UTF-8",
    ]


def test_an_alias_bomb_does_not_go_off(tmp_path):
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    [line] = lines_of(write(tmp_path, "\n".join(rows)))
    assert line == "a.yaml:6: more than 1000000 values, aliases counted as written out"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{x: " * 5_000,
        "\n".join(f"{'  ' * depth}a:" for depth in range(60)),
    ],
)
def test_deep_nesting_ends_early(tmp_path, text):
    [line] = lines_of(write(tmp_path, text))
    assert line.endswith(f": nested more than {DEPTH_MAX} deep")


def test_deep_nesting_made_of_aliases_ends_early(tmp_path):
    rows = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, 2000)]
    [line] = lines_of(write(tmp_path, "\n".join(rows)))
    assert line == f"a.yaml:{DEPTH_MAX}: nested more than {DEPTH_MAX} deep"


def test_huge_files_are_not_read(tmp_path):
    (tmp_path / "a.yaml").write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    assert lines_of(tmp_path) == [
        f"a.yaml:1: more than {FILE_BYTES_MAX} bytes: split it into several files"
    ]


def test_a_directory_must_be_one_and_hold_files(tmp_path):
    [missing] = check(tmp_path / "none")
    assert str(missing) == f"{tmp_path}/none: there is no such directory; name the configuration's"
    [empty] = check(tmp_path)
    assert str(empty) == f"{tmp_path}: no *.yaml file in this directory"
    file = tmp_path / "a.yaml"
    file.write_text(BASE)
    [no_directory] = check(file)
    assert str(no_directory) == f"{file}: is no directory: give the directory, not a file in it"


def test_too_many_files_are_refused(tmp_path):
    for number in range(FILES_MAX + 1):
        (tmp_path / f"{number}.yaml").write_text("queues:\n")
    assert [each.message for each in check(tmp_path)] == [
        f"more than {FILES_MAX} files: join some of them"
    ]


def test_links_pipes_and_directories_called_yaml_do_not_hang_or_crash(tmp_path):
    write(tmp_path, BASE)
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone")
    os.mkfifo(tmp_path / "c.yaml")
    (tmp_path / "d.yaml").mkdir()
    (tmp_path / "e.yaml").symlink_to("/proc/self/mem")
    assert lines_of(tmp_path) == [
        "b.yaml:1: cannot be read: a link to nothing",
        "c.yaml:1: cannot be read: no file",
        "d.yaml:1: cannot be read: no file",
        "e.yaml:1: cannot be read: Input/output error",
    ]


def test_hidden_files_backups_and_other_files_are_not_meant(tmp_path):
    write(tmp_path, BASE)
    for name in (".a.yaml", "a.yaml~", "#a.yaml#", "notes.txt"):
        write(tmp_path, "\tnonsense", name)
    assert check(tmp_path) == []


def test_an_unreadable_file_does_not_make_others_look_wrong(tmp_path):
    """Its agents may be in it: nothing is said to be missing. But what is odd in itself is told."""
    extensions = BASE[BASE.index("extensions:") : BASE.index("agents:")]
    write(tmp_path, changed(BASE, extensions, "").replace("name: Sales", "nam: Sales"))
    write(tmp_path, extensions + "\tx", "b.yaml")
    assert lines_of(tmp_path) == [
        "a.yaml:12: queues.6400.nam - unknown key, did you mean name?",
        "b.yaml:4: a tab: use blanks",
    ]


def test_sections_may_be_spread_over_files_but_keys_may_not_stand_twice(tmp_path):
    write(tmp_path, BASE)
    write(tmp_path, 'extensions:\n  "1003": {name: Chen, password: {env: C}}\n', "b.yml")
    assert list(load(tmp_path).extensions) == ["1001", "1002", "1003"]
    write(tmp_path, "settings:\n  max_calls: 5\ntrunks:\n  carrier: {host: x}\n", "c.yaml")
    write(tmp_path, "settings:\n  max_calls: 6\n", "d.yaml")
    assert lines_of(tmp_path) == [
        "c.yaml:4: trunks.carrier - stands twice: first in a.yaml:6",
        "d.yaml:2: settings.max_calls - stands twice: first in c.yaml:2",
    ]


def test_routes_keep_the_order_of_the_files_names(tmp_path):
    write(tmp_path, BASE)
    write(tmp_path, "outbound_routes:\n  z: {pattern: X., trunk: carrier}\n", "2.yaml")
    write(tmp_path, "outbound_routes:\n  y: {pattern: X., trunk: carrier}\n", "10.yaml")
    assert list(load(tmp_path).outbound_routes) == ["y", "z", "national"]


def test_an_empty_section_and_a_file_of_comments_are_fine(tmp_path):
    write(tmp_path, BASE + "inbound_routes:\npause_reasons:\n")
    write(tmp_path, "# nothing yet\n", "b.yaml")
    write(tmp_path, "---\n# nothing yet\n", "c.yaml")
    assert check(tmp_path) == []


def test_merge_keys_take_over_what_is_not_written_beside_them(tmp_path):
    text = changed(
        BASE,
        '  "1002": {name: Ben, password: {env: BEN}}',
        '  "1002": {<<: [*desk, {name: X, max_contacts: 4}], name: Ben}',
    )
    text = changed(text, '"1001": {name', '"1001": &desk {max_contacts: 3, name')
    ben = loaded(tmp_path, text).extensions["1002"]
    assert (ben.name, ben.max_contacts, ben.password.env) == ("Ben", 3, "ANN")


def test_aliases_repeat_values(tmp_path):
    text = changed(BASE, "name: Sales", "name: &name Sales") + (
        "inbound_routes:\n  a: {pattern: '12', destination: &d {queue: '6400'}}\n"
        "  b: {pattern: '13', destination: *d}\n"
        "pause_reasons: {'01': *name}\n"
    )
    configuration = loaded(tmp_path, text)
    assert configuration.inbound_routes["b"].destination.queue == "6400"
    assert configuration.pause_reasons == {"01": "Sales"}


@pytest.mark.parametrize("written", ["yes", "on", "0x10", "12:30", "1_000", "'5'", "2026-01-01"])
def test_values_are_read_by_the_rules_of_yaml_1_2_and_never_converted(tmp_path, written):
    """`on`, sexagesimal numbers and dates are texts, so they are refused where numbers belong."""
    text = BASE + f"settings:\n  max_calls: {written}\n"
    shown = written.strip("'")
    assert lines_of(write(tmp_path, text)) == [
        f'a.yaml:22: settings.max_calls - must be a whole number, not "{shown}"'
    ]


@pytest.mark.parametrize(("written", "number"), [("020", "20"), ("+5", "5"), ("-0", "0")])
def test_a_number_that_others_read_otherwise_is_refused(tmp_path, written, number):
    text = BASE + f"settings:\n  max_calls: {written}\n"
    assert lines_of(write(tmp_path, text)) == [
        f'a.yaml:22: settings.max_calls - is this a number or a text? Write {number} or "{written}"'
    ]


def test_keys_may_be_written_without_quotes(tmp_path):
    configuration = loaded(tmp_path, BASE.replace('  "1001":', "  1001:"))
    assert "1001" in configuration.extensions


def test_odd_keys_do_not_break_the_line(tmp_path):
    text = BASE + 'settings:\n  "a\\nb": 1\n' + f"  {'k' * 100}: 1\n"
    found = check(write(tmp_path, text))
    assert [each.path for each in found] == ['settings."a\\nb"', f'settings."{"k" * 60}..."']
    assert all("\n" not in str(each) for each in found)


def test_an_odd_key_in_a_guess_does_not_break_the_line(tmp_path):
    """Found by mutation: a tab before a key is part of the key, and the guess repeated it."""
    text = changed(BASE, '  "1002": {name: Benj', '  "\\t1002": {name: Benj')
    assert [each.partition(" - ")[2] for each in lines_of(write(tmp_path, text))] == [
        "this key must be 2 to 15 digits",
        'there is no agent 1002, did you mean "\\t1002"?',
    ]


def test_a_line_is_one_line_even_for_odd_file_names(tmp_path):
    write(tmp_path, "x", "a\nb.yaml")
    assert str(check(tmp_path)[0]).startswith(f"{tmp_path}/a\\nb.yaml:1: must be")


def test_the_error_carries_all_problems_and_warnings_in_order(tmp_path):
    write(tmp_path, BASE + "settings: {max_calls: 0}\n", "b.yaml")
    write(tmp_path, 'queues: {"6401": {name: Empty}}\nx: 1\n', "a.yaml")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    problems = caught.value.problems
    assert [(each.place.file.name, each.place.line, each.severity) for each in problems] == [
        ("a.yaml", 1, Severity.WARNING),
        ("a.yaml", 2, Severity.ERROR),
        ("b.yaml", 21, Severity.ERROR),
    ]
    assert str(caught.value).count("\n") == 2
