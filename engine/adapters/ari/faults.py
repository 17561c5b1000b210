"""Known faults of the Asterisk that we are connected to, by its version: pure.

A REFER with `Refer-Sub: false` on a channel whose transfers are left to us ends Asterisk with a
segmentation fault (github.com/asterisk/asterisk/issues/2021; tried on 22.10.1). It was mended in 20,
22 and 23 at once; only of 22 is known to us in which release.
"""

from __future__ import annotations

import re
from typing import Final

from engine.adapters.ari.fields import Nonsense, a_text, an_object

MENDED: Final = (22, 11)
"""The first release of Asterisk 22 that survives such a REFER."""

_NUMBERS: Final = re.compile(r"(\d+)\.(\d+)\.\d+")


def version_of(info: object) -> str:
    """Returns Asterisk's version as it names it in `/asterisk/info`; "" if it does not."""
    if type(info) is not dict:
        return ""
    try:
        return a_text(an_object(info, "system"), "version")
    except Nonsense:
        return ""


def known_fault(version: str) -> str:
    """Returns a line on what can go wrong with this version and what to do; "" if we know nothing.

    Of a version that is no release (a certified one, one built from Git) nothing is known.
    """
    numbers = _NUMBERS.match(version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= MENDED:
        return ""
    return (
        f"Asterisk {numbers[0]} is older than {MENDED[0]}.{MENDED[1]}: it dies if a phone transfers"
        ' with "Refer-Sub: false" (asterisk/asterisk#2021); install a newer one, or set'
        ' "transfers: false" for such phones'
    )
