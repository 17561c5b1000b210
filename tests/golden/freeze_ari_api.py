"""Writes tests/golden/ari_api.json from the Asterisk that is there: python -m tests.golden.freeze_ari_api"""

from __future__ import annotations

import json

from scripts.lab.asterisk import find_tree
from tests.support.ari_api import DIGEST, digest_of

if __name__ == "__main__":
    digest = digest_of(find_tree() / "usr/share/asterisk/rest-api")
    DIGEST.write_text(json.dumps(digest, indent=1) + "\n", encoding="utf-8")
