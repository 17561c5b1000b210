"""The sample that the demo runs, the schema for editors, the reference in docs/, and big centres."""

import json
import re

import pytest
import yaml

from engine.config import (
    ConfigError,
    check,
    json_schema,
    load,
    markdown_reference,
    resolve_secrets,
    to_policy,
)
from engine.config.files import read_sources
from engine.config.secrets import create_missing
from engine.core import codec
from engine.core.inputs import Input, PolicyApplied
from tests.support.config_files import BASE, SAMPLE, loaded, write

pytestmark = pytest.mark.unit


def test_the_sample_has_neither_errors_nor_warnings():
    assert check(SAMPLE) == []


def test_the_sample_is_a_small_centre():
    policy = to_policy(load(SAMPLE))
    counts = {
        "nodes": len(policy.nodes),
        "trunks": len(policy.trunks),
        "extensions": len(policy.extensions),
        "agents": len(policy.agents),
        "queues": [queue.queue_id for queue in policy.queues],
        "pause_reasons": {reason.code: reason.name for reason in policy.pause_reasons},
    }
    assert counts == {
        "nodes": 1,
        "trunks": 1,
        "extensions": 8,
        "agents": 5,
        "queues": ["6400", "6401", "6402", "6403"],
        "pause_reasons": {"01": "Lunch", "02": "Break", "03": "Wrap up"},
    }


def test_the_samples_policy_survives_the_journal():
    happened = PolicyApplied(to_policy(load(SAMPLE)))
    written = json.dumps(codec.encode(happened))
    assert codec.decode(Input, json.loads(written)) == happened


def test_the_samples_own_secrets_can_be_made_up(tmp_path):
    """What scripts/demo does on a fresh machine: all passwords of nodes and phones, all PINs, no others."""
    text = "".join(file.data.decode() for file in read_sources(SAMPLE).files)
    text = text.replace("../var/", "var/")
    configuration = loaded(tmp_path, text)
    with pytest.raises(ConfigError):
        resolve_secrets(configuration, {})
    files = create_missing(configuration)
    assert len(files) == 2 + 8 + 1
    secrets = resolve_secrets(configuration, {})
    first = secrets.of(configuration.extensions["1001"].password).reveal()
    box = configuration.extensions["1007"].voicemail
    assert box is not None
    assert re.fullmatch("[0-9]{6}", secrets.of(box.pin).reveal())
    assert create_missing(configuration) == ()
    assert (tmp_path / "var/secrets/extensions/1001").read_text().strip() == first


def sample_as_editors_see_it():
    """Editors know YAML's usual rules only: keys are texts because they stand in quotes."""
    return {file.path.name: yaml.safe_load(file.data) for file in read_sources(SAMPLE).files}


def test_the_schema_is_valid_and_accepts_the_sample_file_by_file():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name, document in sample_as_editors_see_it().items():
        assert not [(name, error.message) for error in validator.iter_errors(document)]


@pytest.mark.parametrize(
    "document",
    [
        {"qeues": {}},
        {"queues": {"x": {"name": "Sales"}}},
        {"queues": {"6400": {}}},
        {"queues": {"6400": {"name": "Sales", "weight": 1000}}},
        {"queues": {"6400": {"name": "Sales", "ring_timeout_s": 301}}},
        {"queues": {"6400": {"name": "Sales", "failure": {"queue": 6401}}}},
        {"queues": {"6400": {"name": "Sales", "failure": "hangup"}}},
        {"queues": {"6400": {"name": "Sales", "members": [{"agent": "1", "kind": "static"}]}}},
        {"extensions": {"1001": {"name": "Ann", "password": "hunter2"}}},
        {"settings": {"music": {"jazz": "relative"}}},
    ],
)
def test_the_schema_finds_wrong_forms(document):
    jsonschema = pytest.importorskip("jsonschema")
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(document)


def test_every_key_is_described():
    def undescribed(part, path):
        for key, value in part.get("properties", {}).items():
            if "description" not in value and "$ref" not in value:
                yield f"{path}.{key}"

    schema = json_schema()
    models = {"": schema, **schema["$defs"]}
    assert [each for name, part in models.items() for each in undescribed(part, name)] == []


def test_the_reference_in_docs_is_up_to_date():
    """If this fails: `usher schema --markdown > docs/configuration.md`."""
    written = (SAMPLE.parent / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert written == markdown_reference() + "\n"


def test_the_reference_names_every_key_of_the_sample():
    text = markdown_reference()

    def keys(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from keys(inner)

    settings = sample_as_editors_see_it()["settings.yaml"]
    assert [key for key in keys(settings) if key != "default" and f"`{key}`" not in text] == [
        "settings"
    ]


def big_centre(agents, queues):
    """Every agent in a tenth of the queues, at alternating levels."""
    rows = ["extensions:"]
    numbers = [str(1000 + each) for each in range(agents)]
    rows += [f'  "{each}": {{name: Agent {each}, password: {{env: P}}}}' for each in numbers]
    rows += ["agents:", *(f'  "{each}": {{}}' for each in numbers), "queues:"]
    for queue in range(queues):
        rows += [f'  "{6000 + queue}":', f"    name: Queue {queue}", "    skill_based: true"]
        rows += ["    members:"]
        rows += [
            f'      - {{agent: "{each}", skill_level: {1 + int(each) % 3}}}' for each in numbers
        ]
    base = BASE[: BASE.index("extensions:")]
    return base + "\n".join(rows) + "\n"


def test_two_hundred_agents_in_each_of_a_hundred_queues_load(tmp_path):
    configuration = loaded(tmp_path, big_centre(200, 100))
    policy = to_policy(configuration)
    assert sum(len(queue.members) for queue in policy.queues) == 20_000


def test_many_mistakes_are_told_too(tmp_path):
    """Twenty thousand members who are no agents: a line each, and it ends."""
    text = big_centre(200, 100).replace('{agent: "1', '{agent: "2')
    assert len(check(write(tmp_path, text))) == 20_000
