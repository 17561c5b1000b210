"""Rules: every number that is dialled means one thing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.config.convert import codes_of
from engine.config.patterns import covers, length_min, may_begin_with
from engine.config.places import Problem
from engine.config.rules.subject import Subject
from engine.core.model.numbers import LINE_DIGITS_MAX

ITALY: Final = "39"


def shared_numbers(subject: Subject) -> Iterator[Problem]:
    """A queue's number is no extension's (and no feature code: those begin with * or #)."""
    extensions = subject.written.names("extensions") or ()
    for number in subject.configuration.queues:
        if number in extensions:
            where = subject.written.line_of(("extensions", number))
            yield subject.places.problem(
                ("queues", number), f"the number is already an extension's, in {where}"
            )


def outbound_codes(subject: Subject) -> Iterator[Problem]:
    """No outbound route takes what begins with a feature code."""
    if not subject.intact(("settings", "feature_codes")):
        return
    codes = codes_of(subject.configuration.settings.feature_codes)
    for route_name, route in subject.configuration.outbound_routes.items():
        taken = [
            f"{code} ({name})"
            for name, code in codes.items()
            if code and may_begin_with(route.pattern, code)
        ]
        if taken:
            yield subject.places.problem(
                ("outbound_routes", route_name, "pattern"),
                f"takes numbers that begin with a feature code: {', '.join(taken)}",
            )


def inbound_patterns(subject: Subject) -> Iterator[Problem]:
    """An inbound route that can never win is worth a warning."""
    earlier: list[tuple[str, str, str | None]] = []
    for name, route in subject.configuration.inbound_routes.items():
        for other, pattern, trunk in earlier:
            if trunk in {None, route.trunk} and covers(pattern, route.pattern):
                yield subject.places.warning(
                    ("inbound_routes", name, "pattern"),
                    f"never used: route {other} before it takes all these numbers",
                )
                break
        earlier.append((name, route.pattern, route.trunk))


def outbound_patterns(subject: Subject) -> Iterator[Problem]:
    """Something is left to dial after `strip`."""
    for name, route in subject.configuration.outbound_routes.items():
        if not subject.intact(("outbound_routes", name)):
            continue
        shortest = length_min(route.pattern)
        if route.strip and route.strip >= shortest and not route.prepend:
            yield subject.places.problem(
                ("outbound_routes", name, "strip"),
                f"leaves nothing of a number of {shortest} digits, which the pattern allows",
            )


def numbering(subject: Subject) -> Iterator[Problem]:
    """Prefixes and lengths of the numbering plan do not contradict each other."""
    path = ("settings", "numbering")
    plan = subject.configuration.settings.numbering
    if plan is None or not subject.intact(path):
        return
    national, abroad = plan.national_prefix, plan.international_prefix
    if abroad and national.startswith(abroad):
        yield subject.places.problem(
            (*path, "national_prefix"),
            f'begins with the international prefix "{abroad}", so no number would be national',
        )
    length = plan.national_digits
    if length is not None and length + len(plan.country_code) > LINE_DIGITS_MAX:
        yield subject.places.problem(
            (*path, "national_digits"),
            f"must be {LINE_DIGITS_MAX - len(plan.country_code)} or less: with its country code a"
            f" number has at most {LINE_DIGITS_MAX} digits",
        )
    if plan.country_code == ITALY and national:
        yield subject.places.warning(
            (*path, "national_prefix"),
            'should be "" in Italy: the 0 belongs to the number, also after +39',
        )


def pause_reasons(subject: Subject) -> Iterator[Problem]:
    """Two reasons of one name could not be told apart in reports."""
    codes: dict[str, str] = {}
    for code, name in subject.configuration.pause_reasons.items():
        first = codes.setdefault(name.casefold(), code)
        if first != code:
            yield subject.places.problem(
                ("pause_reasons", code), f"the reason {first} has the same name"
            )
