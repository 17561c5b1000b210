"""The API description of the Asterisk that is there says what tests/golden/ari_api.json says."""

from __future__ import annotations

import pytest

from scripts.lab.asterisk import find_tree
from tests.support.ari_api import digest_of, read_digest

pytestmark = pytest.mark.asterisk


def test_the_description_has_not_changed():
    """If it has: python -m tests.golden.freeze_ari_api, and read the difference."""
    assert digest_of(find_tree() / "usr/share/asterisk/rest-api") == read_digest()
