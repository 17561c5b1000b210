"""How parts must fit together: one test for each rule, breaking it and keeping it."""

import pytest

from engine.config import Severity, check
from engine.config.patterns import covers, length_min, may_begin_with
from engine.core.model.numbers import matches
from tests.support.config_files import BASE, changed, lines_of, write

pytestmark = pytest.mark.unit


def test_the_base_is_fine(tmp_path):
    assert lines_of(write(tmp_path, BASE)) == []


def inbound(*routes):
    return BASE + "inbound_routes:\n" + "".join(f"  {route}\n" for route in routes)


def numbering(keys):
    return BASE + f"settings: {{numbering: {{{keys}}}}}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            changed(BASE, "agents:\n", 'agents:\n  "1003": {}\n'),
            "a.yaml:11: agents.1003 - there is no extension 1003, did you mean 1002?",
        ),
        (
            changed(BASE, '- {agent: "1002"}', '- {agent: "7777"}'),
            "a.yaml:18: queues.6400.members[1].agent - there is no agent 7777: add it to agents",
        ),
        (
            changed(BASE, '- {agent: "1002"}', '- {agent: "1001", kind: static}'),
            "a.yaml:18: queues.6400.members[1].agent - is already a member: a.yaml:17",
        ),
        (
            inbound('a: {pattern: "1", destination: {extension: "1009"}}'),
            (
                "a.yaml:22: inbound_routes.a.destination.extension -"
                " there is no extension 1009, did you mean 1002?"
            ),
        ),
        (
            inbound('a: {pattern: "1", destination: {queue: "1001"}}'),
            (
                "a.yaml:22: inbound_routes.a.destination.queue -"
                " there is no queue 1001: add it to queues"
            ),
        ),
        (
            inbound('a: {pattern: "1", destination: {external: {number: "01", route: nationl}}}'),
            (
                "a.yaml:22: inbound_routes.a.destination.external.route -"
                " there is no outbound route nationl, did you mean national?"
            ),
        ),
        (
            inbound('a: {pattern: "1", destination: {external: {number: "1", route: national}}}'),
            (
                "a.yaml:22: inbound_routes.a.destination.external.number -"
                " does not fit the pattern 0X. of outbound route national"
            ),
        ),
        (
            inbound('a: {pattern: "1", trunk: carier, destination: hang_up}'),
            "a.yaml:22: inbound_routes.a.trunk - there is no trunk carier, did you mean carrier?",
        ),
        (
            changed(BASE, '"0X.", trunk: carrier', '"0X.", trunk: other'),
            "a.yaml:20: outbound_routes.national.trunk - there is no trunk other: add it to trunks",
        ),
        (
            changed(BASE, "name: Ann,", "name: Ann, outbound_routes: [national, world],"),
            (
                "a.yaml:8: extensions.1001.outbound_routes[1] -"
                " there is no outbound route world: add it to outbound_routes"
            ),
        ),
        (
            changed(BASE, "name: Sales", "name: Sales\n    waiting_sound: {music: jazz}"),
            (
                "a.yaml:16: queues.6400.waiting_sound.music -"
                " there is no music jazz; settings.music has: default"
            ),
        ),
        (
            BASE + "settings: {music: {jazz: /srv/jazz}}\n",
            (
                "a.yaml:14: queues.6400.waiting_sound.music -"
                " there is no music default; settings.music has: jazz"
            ),
        ),
        (
            BASE + "settings: {music: {default: /a, general: /b}}\n",
            (
                "a.yaml:21: settings.music.general -"
                " this name has a meaning of its own in Asterisk: choose another"
            ),
        ),
        (
            changed(BASE, '"1002": {name: Ben,', '"6400": {name: Ben,')
            .replace('  "1002": {name: Benjamin}\n', "")
            .replace('      - {agent: "1002"}\n', ""),
            "a.yaml:13: queues.6400 - the number is already an extension's, in a.yaml:9",
        ),
        (
            changed(BASE, '"0X."', '"*7X."'),
            (
                "a.yaml:20: outbound_routes.national.pattern -"
                " takes numbers that begin with a feature code: *7 (login_toggle), *77 (login_all),"
                " *78 (login_last), *76 (wrapup_extend), *74 (hours_toggle)"
            ),
        ),
        (
            changed(BASE, "trunk: carrier}", "trunk: carrier, strip: 3}"),
            (
                "a.yaml:20: outbound_routes.national.strip -"
                " leaves nothing of a number of 3 digits, which the pattern allows"
            ),
        ),
        (
            BASE + 'pause_reasons:\n  "01": Lunch\n  "02": lunch\n',
            "a.yaml:23: pause_reasons.02 - the reason 01 has the same name",
        ),
        (
            numbering('country_code: "+49", national_prefix: "0"'),
            (
                "a.yaml:21: settings.numbering.country_code -"
                ' must be 1 to 4 digits, not 0 first and without +, in quotes, not "+49"'
            ),
        ),
        (
            numbering('country_code: "49", national_prefix: "0", international_prefix: "0"'),
            (
                "a.yaml:21: settings.numbering.national_prefix -"
                ' begins with the international prefix "0", so no number would be national'
            ),
        ),
        (
            numbering('country_code: "34", national_prefix: "", national_digits: 14'),
            (
                "a.yaml:21: settings.numbering.national_digits -"
                " must be 13 or less: with its country code a number has at most 15 digits"
            ),
        ),
        (
            numbering('country_code: "39", national_prefix: "0"'),
            (
                "a.yaml:21: settings.numbering.national_prefix - warning:"
                ' should be "" in Italy: the 0 belongs to the number, also after +39'
            ),
        ),
        (
            changed(BASE, "carrier: {host", "anonymous: {host").replace(
                ": carrier}", ": anonymous}"
            ),
            (
                "a.yaml:6: trunks.anonymous -"
                " this name has a meaning of its own in Asterisk: choose another"
            ),
        ),
        (
            changed(BASE, "host: sip.example.net", "host: sip.example.net, transport: tls"),
            "a.yaml:6: trunks.carrier.transport - tls is not supported yet: use tcp or udp",
        ),
        (
            changed(BASE, "host: sip.example.net", "host: sip.example.net, username: u"),
            "a.yaml:6: trunks.carrier.username - a username needs a password beside it",
        ),
        (
            changed(BASE, "host: sip.example.net", "host: sip.example.net, password: {env: P}"),
            "a.yaml:6: trunks.carrier.password - a password needs a username beside it",
        ),
        (
            changed(BASE, "host: sip.example.net", "host: sip.example.net, registration: true"),
            "a.yaml:6: trunks.carrier.registration - registering needs username and password",
        ),
        (
            BASE + "settings: {rtp: {port_first: 20000, port_last: 20000}}\n",
            "a.yaml:21: settings.rtp.port_last - must be more than port_first, 20000",
        ),
        (
            BASE + "settings: {sip: {port: 10000}}\n",
            "a.yaml:21: settings.sip.port - 10000 is among the ports for voice, 10000 to 20000",
        ),
        (
            changed(BASE, "main:\n", "main:\n    sip: {port: 15060}\n"),
            "a.yaml:3: nodes.main.sip.port - 15060 is among the ports for voice, 10000 to 20000",
        ),
        (
            BASE + "settings: {database: {password: {env: P}}}\n",
            (
                "a.yaml:21: settings.database.password -"
                " only PostgreSQL has a password: set url, or remove it"
            ),
        ),
        (
            BASE + "settings: {database: {url: 'postgresql://db/x', password: {env: P}}}\n",
            (
                "a.yaml:21: settings.database.url -"
                " a password needs a user: postgresql://USER@HOST/DATABASE"
            ),
        ),
    ],
)
def test_what_does_not_fit_is_one_line_at_the_value_that_says_so(tmp_path, text, line):
    assert lines_of(write(tmp_path, text)) == [line]


@pytest.mark.parametrize("name", ["leg", "leg-1", "talk", "play-x", "own", "spy-2", "rec", "ear"])
def test_a_nodes_name_cannot_be_confused_with_our_own_ids(tmp_path, name):
    """A caller's channel id begins with the node's name; a rung phone's with `leg-`."""
    [problem] = check(write(tmp_path, changed(BASE, "main:", f"{name}:")))
    assert (problem.place.line, problem.path) == (2, f"nodes.{name}")


def test_a_node_is_needed_and_no_two_are_the_same_asterisk(tmp_path):
    nodes = BASE[: BASE.index("trunks:")]
    without = changed(BASE, nodes, "nodes: {}\n")
    assert lines_of(write(tmp_path, without)) == [
        "a.yaml:1: nodes - no node: write at least one Asterisk here"
    ]
    second = nodes.removeprefix("nodes:\n").replace("main", "spare")
    assert lines_of(write(tmp_path, changed(BASE, nodes, nodes + second))) == [
        "a.yaml:6: nodes.spare.ari.url - is the address of node main already"
    ]


def test_mistakes_elsewhere_do_not_make_an_ill_formed_thing_look_missing(tmp_path):
    text = changed(BASE, "name: Ben, password: {env: BEN}", "name: 5")
    text = changed(text, "{host: sip.example.net}", "{}")
    assert lines_of(write(tmp_path, text)) == [
        "a.yaml:6: trunks.carrier - host is missing",
        "a.yaml:9: extensions.1002 - password is missing",
        'a.yaml:9: extensions.1002.name - must be a text in quotes: "5"',
    ]


def queues(**options):
    """Queues 6401, 6402, ... with these options, in this order."""
    text = changed(BASE, "queues:\n", "queues:\n@")
    rows = [
        f'  "{number}": {{name: {name}, {option}}}\n'
        for number, (name, option) in enumerate(options.items(), 6401)
    ]
    return changed(text, "@", "".join(rows))


FULL = "max_waiting: 5, members: [{agent: '1001'}]"
WAIT = "max_wait_s: 60, members: [{agent: '1001'}]"
NOBODY = "max_wait_s: 60, members: []"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (queues(a=f"{WAIT}, failure: {{queue: '6401'}}"), "choose another destination"),
        (
            queues(
                a=f"{FULL}, failure: {{queue: '6402'}}",
                b=f"{FULL}, max_wait_s: 5, failure: {{queue: '6401'}}",
            ),
            "when all are full nobody waits anywhere; end it elsewhere, or drop one max_waiting",
        ),
        (
            queues(
                a=f"{NOBODY}, failure: {{queue: '6402'}}",
                b=f"{NOBODY}, failure: {{queue: '6403'}}",
                c=f"{NOBODY}, failure: {{queue: '6401'}}",
            ),
            "none of them has members; end it elsewhere",
        ),
    ],
)
def test_a_circle_of_queues_in_which_nothing_depends_on_anything_is_an_error(tmp_path, text, why):
    errors = [each for each in check(write(tmp_path, text)) if each.severity is Severity.ERROR]
    assert [(each.path, each.message.partition("): ")[2]) for each in errors] == [
        ("queues.6401.failure", why)
    ]


@pytest.mark.parametrize(
    "text",
    [
        queues(a=f"{WAIT}, failure: {{queue: '6402'}}", b=f"{WAIT}, failure: {{queue: '6401'}}"),
        queues(a=f"{FULL}, failure: {{queue: '6402'}}", b=f"{WAIT}, failure: {{queue: '6401'}}"),
        queues(
            a=f"{WAIT}, failure: {{queue: '6402'}}",
            b=f"{NOBODY}, failure: {{queue: '6401'}}",
        ),
        queues(
            a="members: [], failure: {queue: '6402'}",
            b=f"{NOBODY}, failure: {{queue: '6401'}}",
        ),
        queues(a=f"{FULL}, failure: {{queue: '6402'}}", b=f"{FULL}, failure: hang_up"),
    ],
)
def test_other_circles_and_chains_are_allowed(tmp_path, text):
    assert [each for each in check(write(tmp_path, text)) if each.severity is Severity.ERROR] == []


def test_a_circle_is_told_once_from_wherever_one_comes_to_it(tmp_path):
    text = queues(
        x="max_wait_s: 9, members: [{agent: '1001'}], failure: {queue: '6402'}",
        a=f"{FULL}, failure: {{queue: '6403'}}",
        b=f"{FULL}, failure: {{queue: '6402'}}",
    )
    [problem] = check(write(tmp_path, text))
    assert problem.path == "queues.6402.failure"
    assert "6402 -> 6403 -> 6402" in problem.message


@pytest.mark.row("Q-06")
def test_autopause_with_ring_all_is_a_warning(tmp_path):
    text = changed(
        BASE, "name: Sales", "name: Sales\n    strategy: ring_all\n    autopause_after: 3"
    )
    assert lines_of(write(tmp_path, text)) == [
        (
            "a.yaml:17: queues.6400.autopause_after - warning: ignored: with ring_all nobody misses a"
            " call alone; use another strategy or remove it"
        )
    ]


def test_a_skill_level_without_skills_and_a_queue_without_members_are_warnings(tmp_path):
    text = changed(BASE, '{agent: "1002"}', '{agent: "1002", skill_level: 2}')
    text = changed(text, "outbound_routes:", '  "6401": {name: B}\noutbound_routes:')
    assert lines_of(write(tmp_path, text)) == [
        (
            "a.yaml:18: queues.6400.members[1].skill_level - warning: ignored: this queue is not"
            " skill_based; add skill_based: true or remove it"
        ),
        "a.yaml:19: queues.6401 - warning: has no members, so nobody answers its calls",
    ]


def test_an_inbound_route_that_can_never_win_is_a_warning(tmp_path):
    text = inbound(
        'a: {pattern: "55X!", destination: hang_up}',
        'b: {pattern: "551", trunk: carrier, destination: hang_up}',
        'c: {pattern: "56.", trunk: carrier, destination: hang_up}',
        'd: {pattern: "561", destination: hang_up}',
    )
    assert lines_of(write(tmp_path, text)) == [
        (
            "a.yaml:23: inbound_routes.b.pattern - warning: never used: route a before it takes all"
            " these numbers"
        )
    ]


def test_two_trunks_with_one_source_are_a_warning(tmp_path):
    text = changed(BASE, "extensions:", "  other: {host: x, match: [10.0.0.1]}\nextensions:")
    text = changed(text, "example.net}", "example.net, match: [10.0.0.1]}")
    assert lines_of(write(tmp_path, text)) == [
        (
            "a.yaml:7: trunks.other.match - warning: calls from 10.0.0.1 come from trunk carrier too:"
            " only one of the two gets them"
        )
    ]


PATTERNS = ["1", "12", "X", "XX", "Z2", "N", "1.", "1!", "X.", ".", "!", "12.", "*7", "0X.", "02"]
NUMBERS = ["", *(a + b + c for a in " *012" for b in " 27" for c in " 2")]


@pytest.mark.parametrize("wide", PATTERNS)
def test_covering_agrees_with_how_the_core_matches(wide):
    """On all short numbers: what `covers` says holds, and a refusal has an example or is open."""
    numbers = [each.replace(" ", "") for each in NUMBERS] + ["1234", "x", "12345", "9999"]
    for narrow in PATTERNS:
        inside = all(matches(wide, each) for each in numbers if matches(narrow, each))
        if covers(wide, narrow):
            assert inside, narrow
    assert covers(wide, wide)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [("X", "Z"), ("!", "."), (".", "X"), ("1!", "1."), ("1!", "1"), ("X.", "12"), ("1.", "1X!")],
)
def test_covering_is_seen(wide, narrow):
    assert covers(wide, narrow)
    assert not covers(narrow, wide)


def test_beginnings_and_lengths_of_patterns():
    assert may_begin_with("*X.", "*7")
    assert may_begin_with("*!", "*07")
    assert may_begin_with("*7", "*7")
    assert not may_begin_with("*7", "*07")
    assert not may_begin_with("0X.", "*7")
    assert not may_begin_with(".", "*7")
    assert not may_begin_with("*", "*7")
    assert [length_min(each) for each in ("12", "12.", "12!", "!")] == [2, 3, 2, 0]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (
            BASE + 'settings: {feature_codes: {login_toggle: "*0", pause_toggle: "7"}}\n',
            "settings.feature_codes.pause_toggle",
        ),
        (
            changed(BASE, "trunk: carrier}", "trunk: carrier, strip: 3, prepend: x}"),
            "outbound_routes.national.prepend",
        ),
        (
            queues(
                a=f"{FULL}, failure: {{queue: '6402'}}, weight: 0",
                b=f"{FULL}, failure: {{queue: '6401'}}",
            ),
            "queues.6401.weight",
        ),
        (
            changed(BASE, "Sales", "Sales\n    waiting_sound: {music: jazz}")
            + "settings: {music: {jazz: 5}}\n",
            "settings.music.jazz",
        ),
        (
            changed(BASE, '{agent: "1002"}', '{agent: "1002", skill_level: 2}').replace(
                "name: Sales", "name: Sales\n    skill_based: yes"
            ),
            "queues.6400.skill_based",
        ),
        (BASE + "settings: {rtp: {port_first: 30000, port_last: x}}\n", "settings.rtp.port_last"),
        (BASE + "settings: 5\n", "settings"),
        (changed(BASE, "host: sip.example.net", "username: 5, password: {env: P}, host: x"),
         "trunks.carrier.username"),
        (changed(BASE, "username: usher, password: {env: ARI}",
                 "username: usher, password: !x y"), "nodes.main.ari.password"),
        (changed(BASE, "    ami: {username", "    sip: {port: *p}\n    ami: {username"),
         "nodes.main.sip.port"),
    ],
)  # fmt: skip
def test_a_value_with_a_problem_of_its_own_causes_no_others(tmp_path, text, path):
    """What is wrong is cut out before the rules look; they must not judge by the gap."""
    assert [each.path for each in check(write(tmp_path, text))] == [path]


def test_several_mistakes_in_one_list_keep_the_indexes_as_written(tmp_path):
    members = (
        "      - 5\n"
        '      - {agent: "1001", kind: statc}\n'
        "      - {agent: 1}\n"
        '      - {agent: "1002"}\n'
        '      - {agent: "7000"}\n'
    )
    text = changed(BASE, '      - {agent: "1001"}\n      - {agent: "1002"}\n', members)
    assert lines_of(write(tmp_path, text)) == [
        "a.yaml:17: queues.6400.members[0] - must be a mapping, not 5",
        (
            "a.yaml:18: queues.6400.members[1].kind - must be static or dynamic,"
            " did you mean static?"
        ),
        'a.yaml:19: queues.6400.members[2].agent - must be a text in quotes: "1"',
        "a.yaml:21: queues.6400.members[4].agent - there is no agent 7000: add it to agents",
    ]


def test_a_section_that_is_no_mapping_is_one_problem_in_whatever_file(tmp_path):
    agents = BASE[BASE.index("agents:") : BASE.index("queues:")]
    write(tmp_path, changed(BASE, agents, "agents: [a]\n"))
    write(tmp_path, agents, "b.yaml")
    expected = ["a.yaml:10: agents - must be a mapping, not a list"]
    assert lines_of(tmp_path) == expected
    write(tmp_path, BASE)
    write(tmp_path, "agents: [a]\n", "b.yaml")
    assert lines_of(tmp_path) == ["b.yaml:1: agents - must be a mapping, not a list"]
