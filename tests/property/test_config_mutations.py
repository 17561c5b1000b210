"""Whatever one does to the sample: a configuration, or lines that exist. Never another exception."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.config import errors_of, examine, json_schema, to_policy, to_schedules
from engine.config.compose import compose
from engine.config.files import Sources, read_sources
from engine.config.schedule import next_change_ms, state_at
from engine.config.tree import plain
from engine.core import codec
from engine.core.policy import Policy
from tests.support.config_files import SAMPLE

pytestmark = pytest.mark.property

NOW_MS = 1_800_000_000_000

TEXTS = {file.path.name: file.data.decode() for file in read_sources(SAMPLE).files}
TEXTS["hours.yaml"] = """\
hours:
  shop:
    time_zone: Europe/Paris
    weekly: {mon: ["09:00-12:00", "13:00-18:00"], tue: ["22:00-06:00"], sun: ["00:00-24:00"]}
    holidays:
      - {name: Leap, from: 02-29, yearly: true}
      - {name: New Year, from: 12-31 12:00, to: 01-02, yearly: true, prompt: ["sound:year"]}
      - {name: Move, from: 2026-06-11, to: 2026-06-12 12:00}
"""
DOCUMENTS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}

KNOWN = sorted(
    {"queues", "1001", "1002", "6400", "6401", "6402", "carrier", "national", "default", "main"}
    | {key for model in json_schema()["$defs"].values() for key in model.get("properties", ())}
)
TIMES = ("UTC", "Etc/GMT+8", "09:00-18:00", "22:00-09:30", "12-24", "2026-12-24", "02-29 13:00")
WORDS = st.sampled_from(
    [*KNOWN, *TIMES, "hang_up", "ringing", "ring_all", "static", "*7", "0X.", "<<"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | WORDS
    | st.text(max_size=12)
    | st.dates()
    | st.binary(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(WORDS | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = WORDS | st.text(max_size=12) | st.integers() | st.none() | st.booleans()

QUICK = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.data_too_large]
)


def judged(files: dict[str, str | bytes]) -> bool:
    """Examines these files, holds the promise against what comes of it; returns whether it is valid."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for file, content in files.items():
            data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
            (directory / file).write_bytes(data)
        examined = examine(read_sources(directory))
        for problem in examined.problems:
            check_line(problem, directory)
    assert list(examined.problems) == sorted(set(examined.problems))
    if examined.configuration is None:
        assert errors_of(examined.problems)
        return False
    assert not errors_of(examined.problems)
    policy = to_policy(examined.configuration)
    assert codec.decode(Policy, json.loads(json.dumps(codec.encode(policy)))) == policy
    for schedule in to_schedules(examined.configuration):
        change_ms = next_change_ms(schedule, NOW_MS)
        assert change_ms is None or state_at(schedule, change_ms) != state_at(schedule, NOW_MS)
    return True


def check_line(problem, directory):
    """The place exists, and the problem is one printable line with words in it."""
    file, line = problem.place.file, problem.place.line
    assert directory in (file, file.parent)
    lines = 1 if file == directory else file.read_bytes().count(b"\n") + 1
    assert 1 <= line <= lines
    assert problem.message
    assert str(problem).isprintable()


def places_in(value, path=()):
    """Yields the path of everything in a document."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places_in(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places_in(inner, (*path, index))


def mutate(document, path, how, key, value):
    """Changes one place of a document (not its root): deletes, alters or inserts."""
    *way, last = path
    for step in way:
        document = document[step]
    if how == "delete":
        del document[last]
    elif how == "alter":
        document[last] = value
    elif isinstance(document[last], dict):
        document[last][key] = value
    elif isinstance(document[last], list):
        document[last].insert(0, value)
    else:
        document[last] = {key: value}


@QUICK
@given(st.data())
def test_mutated_values_give_a_configuration_or_lines(data):
    documents = copy.deepcopy(DOCUMENTS)
    for _ in range(data.draw(st.integers(1, 5), "mutations")):
        name = data.draw(st.sampled_from(sorted(documents)), "file")
        paths = list(places_in(documents[name]))[1:]
        if not paths:
            continue
        path = data.draw(st.sampled_from(paths), "path")
        how = data.draw(st.sampled_from(["delete", "alter", "insert"]), "how")
        mutate(documents[name], path, how, data.draw(KEYS, "key"), data.draw(VALUES, "value"))
    style = data.draw(st.sampled_from([None, True, False]), "flow style")
    judged(
        {
            name: yaml.safe_dump(
                each, sort_keys=False, default_flow_style=style, allow_unicode=True
            )
            for name, each in documents.items()
        }
    )


SNIPPETS = st.sampled_from(
    [
        "\t",
        "\n",
        " ",
        ":",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "<<: ",
        "!x ",
        '"',
        "'",
        "#",
        "|",
        ">",
        "?",
        "---\n",
        "...\n",
        "%",
        "@",
        "\r",
        "\x00",
        "\ufeff",
        "\u2028",
        "�",
        "é",
        "queues:\n",
        '  "6400":\n',
        "  - ",
        "yes",
        "0o7",
        "1e9",
        "9" * 50,
    ]
)


@QUICK
@given(st.data())
def test_mutated_text_gives_a_configuration_or_lines(data):
    texts = dict(TEXTS)
    for _ in range(data.draw(st.integers(1, 6), "mutations")):
        name = data.draw(st.sampled_from(sorted(texts)), "file")
        text = texts[name]
        start = data.draw(st.integers(0, len(text)), "start")
        cut = data.draw(st.integers(0, 30), "cut")
        inserted = data.draw(SNIPPETS | st.text(max_size=4), "inserted")
        texts[name] = text[:start] + inserted + text[start + cut :]
    judged(texts)


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_give_a_configuration_or_lines(data):
    judged({"a.yaml": data})


@QUICK
@given(VALUES)
def test_any_value_gives_a_configuration_or_lines(value):
    judged({"a.yaml": yaml.safe_dump(value)})


@QUICK
@given(st.data())
def test_what_is_accepted_is_accepted_by_the_schema_for_editors_too(data):
    """The schema may know less than `check`, never more: an editor must not show false errors."""
    jsonschema = pytest.importorskip("jsonschema")
    documents = copy.deepcopy(DOCUMENTS)
    name = data.draw(st.sampled_from(sorted(documents)), "file")
    path = data.draw(st.sampled_from([*places_in(documents[name])][1:]), "path")
    how = data.draw(st.sampled_from(["delete", "alter", "insert"]), "how")
    value = data.draw(st.integers(0, 99) | WORDS | VALUES, "value")
    mutate(documents[name], path, how, data.draw(WORDS, "key"), value)
    texts = {name: yaml.safe_dump(each) for name, each in documents.items()}
    if judged(texts):
        # By the rules of YAML 1.2, as in editors: dates, for one, are texts.
        root, _ = compose(Path(name), texts[name])
        filled = {
            section: content
            for section, content in plain(root).items()
            if content is not None  # A section without content is an empty one.
        }
        jsonschema.Draft202012Validator(json_schema()).validate(filled)


def test_the_sample_itself_is_accepted_by_these_means():
    assert judged(dict(TEXTS))
    assert judged({name: yaml.safe_dump(each) for name, each in DOCUMENTS.items()})


def test_no_files_are_a_problem_of_the_directory():
    examined = examine(Sources(Path("nowhere"), (), ()))
    assert examined.configuration is None
