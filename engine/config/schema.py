"""The JSON Schema of the configuration, for editors that complete and check YAML."""

from __future__ import annotations

from engine.config.models import Configuration

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, object]:
    """Returns the schema (draft 2020-12) of all files together, and of each file by itself.

    It knows every key, choice and range, and the form of texts; how things fit together only
    `check` knows. `patternErrorMessage` is understood by the usual YAML editors.
    """
    schema = _tidy(Configuration.model_json_schema(), named=False)
    assert isinstance(schema, dict)
    head: dict[str, object] = {"$schema": DIALECT, "title": "Usher configuration"}
    return head | schema


def _tidy(value: object, *, named: bool) -> object:
    """Joins the lines of descriptions, closes mappings to odd keys, drops titles made of keys.

    Args:
        value: a part of the schema.
        named: whether this part is a mapping from names, in which `title` would be a name.
    """
    if isinstance(value, list):
        return [_tidy(each, named=False) for each in value]
    if not isinstance(value, dict):
        return value
    if named:
        return {key: _tidy(each, named=False) for key, each in value.items()}
    tidied = {
        key: _tidy(each, named=key in {"properties", "$defs", "patternProperties", "default"})
        for key, each in value.items()
        if key != "title"
    }
    if "patternProperties" in tidied:
        tidied["additionalProperties"] = False
        tidied.pop("propertyNames", None)
    description = tidied.get("description")
    if isinstance(description, str):
        tidied["description"] = " ".join(description.split())
    return tidied
