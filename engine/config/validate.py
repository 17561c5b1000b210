"""A tree against the models: all problems at once, and what is good of it nevertheless."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.config.kinds import keys_at, real_keys
from engine.config.lookup import Found, find
from engine.config.models import Configuration
from engine.config.places import KeyPath, Problem, path_text
from engine.config.tree import BROKEN, Cuts, Scalar, Table, add_cut, plain, without
from engine.config.words import explain, is_misspelt

_ROUNDS_MAX: Final = 40
"""Each round cuts at least one level; nothing is nested as deep as this."""


def validate(root: Table, directory: Path) -> tuple[Configuration, Table, list[Problem]]:
    """Makes the models.

    Where the tree is wrong it is cut back until the rest is right, so that checks of how things
    fit together can tell of their problems in the same run.

    Returns:
        The configuration (of the rest), the tree that it was made from, and the problems of form.
    """
    problems: list[Problem] = []
    cut_from: set[KeyPath] = set()
    for _ in range(_ROUNDS_MAX):
        try:
            made = Configuration.model_validate(plain(root), context={"directory": directory})
        except ValidationError as caught:
            errors = caught.errors(include_url=False, include_input=False)
        else:
            return made, root, problems
        cuts: Cuts = {}
        located = [(error, find(root, real_keys(Configuration, error["loc"]))) for error in errors]
        newly_cut_from = {found.path[:-1] for _, found in located}
        for error, found in located:
            # A list is "too short" in the same round in which the items in it are wrong.
            known = cut_from | newly_cut_from if error["type"] == "too_short" else cut_from
            if not _is_consequence(error, found, known):
                problems.append(_problem(error, found))
            add_cut(cuts, found.steps)
        cut_from |= newly_cut_from
        shorter = without(root, cuts)
        assert isinstance(shorter, Table)
        root = shorter
    message = "cutting a configuration back does not end"
    raise AssertionError(message)


def _is_consequence(error: ErrorDetails, found: Found, cut_from: set[KeyPath]) -> bool:
    """Tells an error that is only there because something else, which is reported, is wrong."""
    if error["type"] == "missing":
        known = keys_at(Configuration, error["loc"][:-1])
        if is_misspelt(str(error["loc"][-1]), found.node, known):
            return True
    broken = isinstance(found.node, Scalar) and found.node.value is BROKEN
    return broken or found.path in cut_from


def _problem(error: ErrorDetails, found: Found) -> Problem:
    about_key = error["type"] == "extra_forbidden" or error["loc"][-1] == "[key]"
    place = found.key_place if about_key else found.place
    return Problem(place, path_text(found.path), explain(error, found.node, Configuration))
