"""The code card: what agents and supervisors dial, on one sheet of paper, made of the configuration.

Door: `make_card(configuration, language)`, `LANGUAGES`.
Must not: know more of a centre than what is dialled; hold a secret; show what the centre has
switched off.
"""

from engine.adapters.card.card import make_card
from engine.adapters.card.words import LANGUAGES

__all__ = ["LANGUAGES", "make_card"]
