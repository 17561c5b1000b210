"""Every request, parameter and field that the adapter uses is in Asterisk's API description.

tests/golden/ari_api.json is what the description of Asterisk 22.10 says of them;
tests/asterisk/test_ari_api.py compares it with the description of the Asterisk that is there.
"""

from __future__ import annotations

from typing import get_args

import pytest

from engine.adapters.ari.decode import EVENTS
from engine.core.commands import Command
from tests.support.ari_api import COMMANDS, MODELS, fits, read_digest, requests

pytestmark = pytest.mark.unit

DIGEST = read_digest()


def test_every_command_is_looked_at():
    assert {type(command) for command in COMMANDS} == set(get_args(Command))


@pytest.mark.parametrize("request_made", requests(), ids=lambda each: f"{each.method} {each.uri}")
def test_requests_are_as_described(request_made):
    found = [
        operation
        for place, operation in DIGEST["operations"].items()
        if place.split()[0] == request_made.method and fits(request_made.uri, place.split()[1])
    ]
    # POST /channels/create could be POST /channels/{channelId}: Asterisk takes the literal one.
    assert found
    operation = next(each for each in found if set(request_made.query) <= set(each["query"]))
    assert set(operation["required"]) <= set(request_made.query)
    if request_made.body is not None:
        (name,) = operation["body"]
        # The parameter "filter" is the body itself, "variables" a field of it.
        assert name == "filter" or set(request_made.body) == {name}


@pytest.mark.parametrize(("model", "fields"), MODELS.items(), ids=MODELS)
def test_fields_are_as_described(model, fields):
    assert set(fields) == set(DIGEST["models"][model])


def test_every_event_is_looked_at():
    assert set(EVENTS) <= set(MODELS)
