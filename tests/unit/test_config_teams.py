"""Managers, rights, skills, wrap-up, parking and presence: how they must fit together."""

import re

import pytest

from engine.config import Severity, check
from engine.config.guide import GUIDE
from engine.config.queue import HARMLESS
from engine.core.agents.rights import GRANTABLE, Role
from engine.core.policy import Right
from tests.support.config_files import BASE, changed, lines_of, write

pytestmark = pytest.mark.unit


def queue(*options, members="", agents='"1001": {}'):
    text = changed(BASE, "name: Sales", "\n    ".join(["name: Sales", *options]))
    text = changed(text, '"1001": {}', agents)
    return changed(text, '{agent: "1002"}', f'{{agent: "1002"{members}}}')


def settings(*lines):
    return BASE + "settings:\n" + "".join(f"  {line}\n" for line in lines)


MANAGERS_CAN = (
    "wallboard, panel, distribute, pick_up, park, contact_match, change_state, monitor, record,"
    " see_missed, delete_missed"
)
AGENTS_CAN = "wallboard, panel, distribute, pick_up, park, contact_match, queue_log"
SLOTS = 'parking: {first: "701", last: "720"}'


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            queue('managers: ["1001"]', "rights: {managers: [monitor, queue_log]}"),
            [
                ("a.yaml:17: queues.6400.rights.managers[1] - managers can never have queue_log;"
                f" they can have: {MANAGERS_CAN}")
            ],
        ),
        (
            queue("rights:", "  agents: [park, monitor, record]"),
            [
                f"a.yaml:17: queues.6400.rights.agents[{index}] - agents can never have {right};"
                f" they can have: {AGENTS_CAN}"
                for index, right in ((1, "monitor"), (2, "record"))
            ],
        ),
        (
            queue("rights: {agents: [park, park]}"),
            ["a.yaml:16: queues.6400.rights.agents[1] - park stands there already"],
        ),
        (
            queue('managers: ["1002", "1003"]'),
            [
                (
                    "a.yaml:16: queues.6400.managers[1] -"
                    " there is no extension 1003, did you mean 1002?"
                )
            ],
        ),
        (
            queue('managers: ["1002", "1002"]'),
            ["a.yaml:16: queues.6400.managers[1] - 1002 stands there already"],
        ),
        (
            queue("skill_based: true", "skill_steps: [{after_s: 5, max_level: 1}]"),
            [
                (
                    "a.yaml:17: queues.6400.skill_steps[0].after_s -"
                    " must be 0 in the first step: say who is rung at first"
                )
            ],
        ),
        (
            queue(
                "skill_based: true",
                "skill_steps:",
                "  - {after_s: 0, max_level: 2}",
                "  - {after_s: 0, max_level: 2}",
            ),
            [
                (
                    "a.yaml:19: queues.6400.skill_steps[1].after_s -"
                    " must be more than in the step before, 0"
                ),
                (
                    "a.yaml:19: queues.6400.skill_steps[1].max_level -"
                    " must be more than in the step before, 2"
                ),
            ],
        ),
        (
            queue("wrapup_s: 5", "wrapup_extend_s: 30", "wrapup_extend_max_s: 20"),
            [
                (
                    "a.yaml:18: queues.6400.wrapup_extend_max_s -"
                    " must be wrapup_extend_s, 30, or more"
                )
            ],
        ),
        (
            settings("presence_rules: {lunch: {pause_all: '01'}}")
            + 'pause_reasons: {"02": Lunch}\n',
            [
                (
                    "a.yaml:22: settings.presence_rules.lunch.pause_all -"
                    " there is no pause reason 01: add it to pause_reasons"
                )
            ],
        ),
        (
            queue(agents='"1001": {presence_rules: {away: {pause_all: "9"}}}'),
            [
                (
                    "a.yaml:11: agents.1001.presence_rules.away.pause_all -"
                    " there is no pause reason 9: add it to pause_reasons"
                )
            ],
        ),
        (
            settings('parking: {first: "720", last: "701"}'),
            ["a.yaml:22: settings.parking.last - must be 720 (first) or more"],
        ),
        (
            settings('parking: {first: "10000", last: "11000"}'),
            ["a.yaml:22: settings.parking.last - more than 1000 slots"],
        ),
        (
            settings('parking: {first: "990", last: "1001"}'),
            [
                (
                    "a.yaml:22: settings.parking.first - slot 1001 of 990 to 1001 is an"
                    " extension's number, in a.yaml:8: choose other slots"
                )
            ],
        ),
        (
            settings('parking: {first: "6400", last: "6409"}'),
            [
                (
                    "a.yaml:22: settings.parking.first - slot 6400 of 6400 to 6409 is a queue's"
                    " number, in a.yaml:14: choose other slots"
                )
            ],
        ),
        (
            settings('parking: {first: "701", last: "702", music: jazz}'),
            [
                (
                    "a.yaml:22: settings.parking.music -"
                    " there is no music jazz; settings.music has: default"
                )
            ],
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_at_the_value_that_says_so(tmp_path, text, lines):
    assert lines_of(write(tmp_path, text)) == lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            queue("rights: {managers: [park]}"),
            "a.yaml:16: queues.6400.rights.managers - warning: ignored: this queue has no managers",
        ),
        (
            queue(members=", share: 3"),
            (
                "a.yaml:18: queues.6400.members[1].share - warning: ignored: the strategy is"
                " least_recent; use strategy: weighted or remove it"
            ),
        ),
        (
            queue("progressive_step_s: 5"),
            (
                "a.yaml:16: queues.6400.progressive_step_s - warning: ignored: the strategy is"
                " least_recent; use strategy: progressive or remove it"
            ),
        ),
        (
            queue("skill_steps: [{after_s: 0, max_level: 1}]"),
            (
                "a.yaml:16: queues.6400.skill_steps - warning: ignored: this queue is not"
                " skill_based; add skill_based: true or remove it"
            ),
        ),
        (
            queue(
                "skill_based: true",
                "skill_steps: [{after_s: 0, max_level: 1}, {after_s: 9, max_level: 2}]",
                members=", skill_level: 3",
            ),
            (
                "a.yaml:17: queues.6400.skill_steps[1].max_level - warning:"
                " agents beyond level 2 are never rung: 1002"
            ),
        ),
        (
            queue("wrapup_extend_s: 30"),
            (
                "a.yaml:16: queues.6400.wrapup_extend_s - warning:"
                " ignored: without wrapup_s there is nothing to extend"
            ),
        ),
        (
            queue("wrapup_s: 9", "wrapup_extend_max_s: 30"),
            ("a.yaml:17: queues.6400.wrapup_extend_max_s - warning: ignored: wrapup_extend_s is 0"),
        ),
        (
            queue(agents='"1001": {skills: [french]}')
            + 'inbound_routes: {a: {pattern: "5", destination: {queue: "6400"},'
            " required_skills: [french, frensh]}}\n",
            (
                "a.yaml:21: inbound_routes.a.required_skills[1] - warning:"
                " no agent has the skill frensh, did you mean french?"
            ),
        ),
        (
            changed(settings(SLOTS), '"0X."', '"7XX"'),
            (
                "a.yaml:20: outbound_routes.national.pattern - warning:"
                " 701 is a parking slot, so it cannot be called through this route"
            ),
        ),
    ],
)
def test_what_has_no_effect_or_helps_nobody_is_a_warning(tmp_path, text, line):
    directory = write(tmp_path, text)
    assert lines_of(directory) == [line]
    assert [each.severity for each in check(directory)] == [Severity.WARNING]


@pytest.mark.parametrize(
    "text",
    [
        # Managers need not be agents; an agent who manages has both roles' rights.
        queue('managers: ["1001"]', "rights: {managers: [monitor], agents: []}"),
        queue("strategy: weighted", members=", share: 3"),
        queue("strategy: progressive", "progressive_step_s: 5"),
        queue(
            "skill_based: true",
            "skill_steps: [{after_s: 0, max_level: 1}, {after_s: 9.5, max_level: 3}]",
            members=", skill_level: 3",
        ),
        settings(SLOTS),
        # An open pattern takes nearly everything, so slots inside it are no mistake.
        changed(settings(SLOTS), '"0X."', '"X."'),
        # Callers from outside cannot dial slots.
        settings(SLOTS) + "inbound_routes: {a: {pattern: '701', destination: hang_up}}\n",
    ],
)
def test_these_are_fine(tmp_path, text):
    assert lines_of(write(tmp_path, text)) == []


@pytest.mark.row("S-01")
def test_the_reference_says_of_each_right_what_holds():
    """The table is written by hand, in words; who may have what stands in the core."""
    rows = dict(
        re.findall(
            r"^\| `(\w+)` [^|]*\| ((?:yes|never) \| (?:yes|never) \| \w+) \|$", GUIDE, re.MULTILINE
        )
    )
    both = {
        (True, True): "both",
        (True, False): "managers",
        (False, True): "agents",
    }
    assert rows == {
        right.value: " | ".join(
            [
                "yes" if right in GRANTABLE[Role.MANAGER] else "never",
                "yes" if right in GRANTABLE[Role.AGENT] else "never",
                both[right in GRANTABLE[Role.MANAGER], right in HARMLESS],
            ]
        )
        for right in Right
    }
