"""docs/configuration.md, made from the models: every section, every key, its form and its default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.config.guide import GUIDE
from engine.config.schema import json_schema
from engine.config.values import expected_words

Part = Mapping[str, Any]
"""A part of a JSON Schema."""

_UNIONS: Final = {
    "QueueDestination": "a [destination](#destinations)",
    "SecretFromFile": "a [secret](#secrets)",
    "MusicSound": "`ringing`, `{music: CLASS}` or `{prompt: NAME}`",
    "PauseForReason": "`nothing`, `log_in_all`, `log_in_last`, `log_out_all`, `pause_all` or"
    ' `{pause_all: "CODE"}` of a pause reason',
}
"""What a union is called that has this member."""


def markdown_reference() -> str:
    """Returns the text of docs/configuration.md, without the last line's end."""
    schema: Part = json_schema()
    lines = [GUIDE.rstrip(), "", "# Every key", ""]
    for name, section in schema["properties"].items():
        lines += [f"## {name}", "", _meaning(section, schema["$defs"]), ""]
        lines += _section(section, schema["$defs"])
    return "\n".join(lines).rstrip()


def _section(section: Part, models: Part) -> Iterator[str]:
    if "$ref" in section:
        yield from _tables(_referred(section), models, "")
        return
    keys, entry = _entries(section)
    yield f"Each key is {keys}."
    if "$ref" in entry:
        yield ""
        yield from _tables(_referred(entry), models, "")
    else:
        yield f"Each value is {_form(entry, models)}."
        yield ""


def _tables(name: str, models: Part, prefix: str) -> Iterator[str]:
    """Yields a model's table, then those of the models inside it."""
    model = models[name]
    inner: list[tuple[str, str]] = []
    if prefix:
        yield f"### {prefix}"
        yield ""
    yield model["description"]
    yield ""
    yield "| key | must be | default | meaning |"
    yield "|---|---|---|---|"
    for key, part in model["properties"].items():
        needed = key in model.get("required", ())
        default = "**needed**" if needed else _default(part)
        cells = [f"`{key}`", _form(part, models), default, _meaning(part, models)]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
        below = _inner_model(part, models)
        if below is not None:
            inner.append((f"{prefix}.{key}".removeprefix("."), below))
    yield ""
    for path, below in inner:
        yield from _tables(below, models, path)


def _form(part: Part, models: Part) -> str:
    """Returns in words what a value must be."""
    if "$ref" in part:
        model = models[_referred(part)]
        return _choices(model["enum"]) if "enum" in model else "a mapping, see below"
    if "anyOf" in part:
        others = [each for each in part["anyOf"] if each.get("type") != "null"]
        return " or ".join(_form(each, models) for each in others)
    if "oneOf" in part:
        return _union(part)
    if "patternErrorMessage" in part:
        return str(part["patternErrorMessage"]).removeprefix("must be ")
    return _of_type(part, models)


def _of_type(part: Part, models: Part) -> str:
    match part["type"]:
        case "boolean":
            return "true or false"
        case "integer":
            return f"a whole number, {part['minimum']} to {part['maximum']}"
        case "number":
            return f"a number, {part['minimum']} to {part['maximum']}"
        case "array":
            least, most = part.get("minItems", 0), part["maxItems"]
            return f"a list of {least} to {most}; each {_form(part['items'], models)}"
        case "object":
            keys, entry = _entries(part)
            return f"a mapping; each key {keys}, each value {_form(entry, models)}"
        case other:
            message = f"the reference has no words for {other}"
            raise AssertionError(message)


def _union(part: Part) -> str:
    for each in part["oneOf"]:
        words = _UNIONS.get(_referred(each)) if "$ref" in each else None
        if words is not None:
            return words
    message = f"the reference has no words for {part}"
    raise AssertionError(message)


def _meaning(part: Part, models: Part) -> str:
    """Returns a key's description, or, where the key only repeats it, that of its model."""
    if "description" in part:
        return str(part["description"])
    return str(models[_referred(part)]["description"])


def _choices(values: list[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _entries(mapping: Part) -> tuple[str, Part]:
    """Returns a mapping's kind of keys in words, and the schema of its values."""
    pattern, entry = next(iter(mapping["patternProperties"].items()))
    return expected_words(pattern).removesuffix(", in quotes"), entry


def _inner_model(part: Part, models: Part) -> str | None:
    """Returns the model that a value (or each item of a list) is, if it is one."""
    entries = part.get("patternProperties", {}).values()
    options = [part, part.get("items", {}), *part.get("anyOf", ()), *entries]
    for option in options:
        if "$ref" in option and "properties" in models[_referred(option)]:
            return _referred(option)
    return None


def _referred(part: Part) -> str:
    return str(part["$ref"]).rsplit("/", 1)[-1]


def _default(part: Part) -> str:
    default = part.get("default")
    if default is None:
        return "none"
    if isinstance(default, dict) and "$ref" in part:
        return "see below"
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if isinstance(default, str):
        return f"`{default}`" if default else "empty"
    return f"`{json.dumps(default)}`" if default != [] else "empty"
