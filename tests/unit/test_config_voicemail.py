"""Voicemail and call flows in the configuration: what is written, what is refused, what Asterisk gets."""

from __future__ import annotations

import pytest

from engine.adapters.render import RenderRefused, Site, render, secrets_of, view_of
from engine.config import ConfigError, resolve_secrets
from engine.config.convert import to_policy
from engine.core.places import CallFlow, ToExtension, VoicemailBox
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = [pytest.mark.unit, pytest.mark.row("Q-03")]

ENVIRON = {"ARI": "a-ri", "AMI": "a-mi", "ANN": "ann1", "BEN": "ben1", "PIN": "4711", "ALL": "0815"}
GROUPS = """
voicemail_groups:
  sales:
    number: "650"
    name: Sales, all of it
    members: ["1001", "1002"]
    pin: {env: ALL}
    emails: [sales@example.org, boss@example.org]
"""
BOX = changed(
    BASE,
    "password: {env: ANN}",
    "password: {env: ANN}, voicemail: {pin: {env: PIN}, email: ann@example.org}",
)
FLOW = """
; a comment
[night]
exten => s,1,Answer()
 same => n,Hangup()
exten = 7 , 1(there), NoOp()

[open]
exten => _X.,1,Hangup()
"""


def flows(text):
    return BASE + "call_flows:\n" + text


def rendered(tmp_path, text):
    configuration = loaded(tmp_path, text)
    secrets = secrets_of(configuration, "main", resolve_secrets(configuration, ENVIRON))
    render(view_of(configuration, "main"), tmp_path / "etc", Site(secrets=secrets))
    return {path.name: path.read_text() for path in (tmp_path / "etc").iterdir()}


def test_boxes_and_whose_phones_show_their_messages(tmp_path):
    files = rendered(tmp_path, BOX + GROUPS)
    lines = files["voicemail.conf"].splitlines()
    assert lines[lines.index("[usher]") + 1 :] == [
        "1001 => 4711,Ann,ann@example.org",
        "650 => 0815,Sales  all of it,sales@example.org|boss@example.org",
    ]
    pjsip = files["pjsip.conf"].splitlines()
    # On the endpoint for phones that do not ask, on the address for those that do.
    assert pjsip.count("mailboxes = 1001@usher,650@usher") == 2
    assert pjsip.count("mailboxes = 650@usher") == 2
    assert "0815" not in "".join(text for name, text in files.items() if name != "voicemail.conf")


def test_what_all_boxes_have_in_common(tmp_path):
    settings = """
settings:
  voicemail:
    mail_command: /opt/mail --to voice
    from_address: voice@example.org
    from_name: Our centre
    attach: false
    message_max_s: 60
    message_min_s: 0
    messages_max: 7
"""
    lines = rendered(tmp_path, BOX + settings)["voicemail.conf"].splitlines()
    assert {
        "mailcmd = /opt/mail --to voice",
        "serveremail = voice@example.org",
        "fromstring = Our centre",
        "attach = no",
        "maxsecs = 60",
        "minsecs = 0",
        "maxmsg = 7",
    } <= set(lines)


def test_without_a_mail_command_nobody_is_mailed(tmp_path):
    text = BOX + GROUPS + "settings: {voicemail: {mail_command: null}}\n"
    voicemail = rendered(tmp_path, text)["voicemail.conf"]
    assert "ann@example.org" not in voicemail
    assert "mailcmd" not in voicemail


def test_the_core_knows_who_may_listen_where(tmp_path):
    policy = to_policy(loaded(tmp_path, BOX + GROUPS))
    assert [each.voicemail for each in policy.extensions] == [True, False]
    assert policy.voicemail_boxes == (VoicemailBox("650", ("1001", "1002")),)
    assert policy.settings.feature_codes.voicemail == "*97"


@pytest.mark.parametrize("pin", ["123", "12a4", "1" * 21, "12 34"])
def test_a_pin_that_no_phone_can_send(tmp_path, pin):
    configuration = loaded(tmp_path, BOX)
    with pytest.raises(ConfigError) as caught:
        resolve_secrets(configuration, ENVIRON | {"PIN": pin})
    said = str(caught.value).replace(str(tmp_path), "")  # Which may have the same digits.
    assert "extensions.1001.voicemail.pin - a PIN is 4 to 20 digits; this one is not" in said
    assert pin not in said


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ('"1002"]', '"1009"]', "members[1]", "there is no extension 1009, did you mean 1002?"),
        ('"650"', '"1001"', "number", "the number is already an extension's, in a.yaml:8"),
        ('"650"', '"6400"', "number", "the number is already a queue's, in a.yaml:14"),
        ("    pin: {env: ALL}\n", "", "", "pin is missing: write pin: {file: voicemail/650}"),
        ("sales@example.org", "sales", "emails[0]", "must be an e-mail address such as"),
    ],
)
def test_groups_that_are_wrong(tmp_path, old, new, where, why):
    (line,) = lines_of(write(tmp_path, BASE + changed(GROUPS, old, new)))
    assert f"voicemail_groups.sales{where and '.'}{where} - {why}" in line


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("true", "voicemail - must be a mapping, not true: write voicemail:"),
        ("{}", "voicemail - pin is missing: write"),
    ],
)
def test_a_box_without_a_pin_says_what_to_write(tmp_path, written, why):
    text = changed(BASE, "password: {env: ANN}", f"password: {{env: ANN}}, voicemail: {written}")
    (line,) = lines_of(write(tmp_path, text))
    assert f"extensions.1001.{why}" in line
    assert "pin: {file: voicemail/1001}" in line


def test_two_groups_of_one_number(tmp_path):
    second = '  more: {number: "650", name: More, members: ["1001"], pin: {env: ALL}}\n'
    (line,) = lines_of(write(tmp_path, BASE + GROUPS + second))
    assert line.endswith("more.number - the number is already that of voicemail group sales")


def test_the_code_for_voicemail_means_one_thing(tmp_path):
    codes = 'settings: {feature_codes: {voicemail: "*4", presence: "*46"}}\n'
    groups = changed(GROUPS, '"650"', '"61"')
    (line,) = lines_of(write(tmp_path, BASE + groups + codes))
    assert "*461 would mean two things: voicemail (*4) with 61, and presence (*46) with 1" in line


@pytest.mark.parametrize(
    ("flow", "line"),
    [
        ("{context: night, file: flow.conf}", None),
        ('{context: night, extension: "7", file: flow.conf}', None),
        ('{context: open, extension: "12", file: flow.conf}', None),  # Perhaps by the pattern.
        (
            "{context: nigth, file: flow.conf}",
            "a.yaml:22: call_flows.a.context - there is no [nigth] in flow.conf, did you mean night?",
        ),
        (
            '{context: night, extension: "8", file: flow.conf}',
            "a.yaml:22: call_flows.a.extension - [night] has no extension 8 with a priority 1",
        ),
        (
            "{context: night, file: other.conf}",
            (
                "a.yaml:22: call_flows.a.file - warning: other.conf cannot be read here (there is no such"
                " file), so nobody knows what is in it"
            ),
        ),
        (
            "{context: night}",
            (
                "a.yaml:22: call_flows.a.context - warning: nobody knows whether Asterisk has it: name"
                " its file"
            ),
        ),
        ("{context: night, file: flow.conf, limit_s: 90, too_long: {queue: '6400'}}", None),
        (
            "{context: night, file: flow.conf, limit_s: 90, too_long: {queue: '6401'}}",
            "a.yaml:22: call_flows.a.too_long.queue - there is no queue 6401, did you mean 6400?",
        ),
        (
            "{context: night, file: flow.conf, too_long: {queue: '6400'}}",
            "a.yaml:22: call_flows.a.too_long - warning: has no effect without limit_s",
        ),
        (
            "{context: a b}",
            (
                "a.yaml:22: call_flows.a.context - must be a context's name: 1 to 79 letters, digits and"
                ' _ . -, not "a b"'
            ),
        ),
    ],
)
def test_call_flows_lead_into_a_dialplan_that_is_there(tmp_path, flow, line):
    (tmp_path / "flow.conf").write_text(FLOW)
    expected = [] if line is None else [line]
    assert lines_of(write(tmp_path, flows(f"  a: {flow}\n"))) == expected


@pytest.mark.parametrize("limit", ["limit_s: 0", "limit_s: 5m", "limit_s: 90000", "limit: 5"])
def test_a_limit_that_is_wrong_is_all_that_is_told(tmp_path, limit):
    (tmp_path / "flow.conf").write_text(FLOW)
    flow = f"  a: {{context: night, file: flow.conf, {limit}, too_long: {{queue: '6400'}}}}\n"
    [line] = lines_of(write(tmp_path, flows(flow)))
    assert line.startswith(f"a.yaml:22: call_flows.a.{limit.partition(':')[0]} - ")
    assert "has no effect" not in line


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("  a: {FLOW, limit_s: 9, too_long: {call_flow: a}}\n", "a -> a"),
        (
            (
                "  a: {FLOW, limit_s: 9, too_long: {call_flow: b}}\n"
                "  b: {FLOW, limit_s: 9, too_long: {call_flow: a}}\n"
            ),
            "a -> b -> a",
        ),
        (
            (
                "  a: {FLOW, limit_s: 9, too_long: {call_flow: b}}\n"
                "  b: {FLOW, limit_s: 9, too_long: {queue: '6400'}}\n"
            ),
            None,
        ),
        (
            "  a: {FLOW, limit_s: 9, too_long: {call_flow: b}}\n  b: {FLOW}\n",
            None,
        ),
    ],
)
def test_flows_that_send_round_in_circles_get_a_warning(tmp_path, text, way):
    (tmp_path / "flow.conf").write_text(FLOW)
    text = text.replace("FLOW", "context: night, file: flow.conf")
    expected = [
        (
            f"a.yaml:22: call_flows.a.too_long - warning: sends calls in a circle ({way}) until Usher"
            " ends them; end it elsewhere, for example in voicemail"
        )
    ]
    assert lines_of(write(tmp_path, flows(text))) == (expected if way else [])


def test_a_flow_may_be_in_another_ones_file(tmp_path):
    (tmp_path / "flow.conf").write_text(FLOW)
    text = flows("  a: {context: night, file: flow.conf}\n  b: {context: open}\n")
    assert lines_of(write(tmp_path, text)) == []


def test_a_file_that_includes_others_is_not_known_whole(tmp_path):
    (tmp_path / "flow.conf").write_text('#include "more.conf"\n')
    (line,) = lines_of(write(tmp_path, flows("  a: {context: night, file: flow.conf}\n")))
    assert "warning: nobody knows whether Asterisk has it" in line


def test_a_file_of_flows_may_not_have_our_contexts(tmp_path):
    (tmp_path / "flow.conf").write_text(FLOW + "[usher-phones]\nexten => s,1,Hangup()\n")
    (line,) = lines_of(write(tmp_path, flows("  a: {context: night, file: flow.conf}\n")))
    assert "has the context usher-phones: names that begin with usher- are Usher's own" in line


def test_call_flows_reach_asterisk_and_the_core(tmp_path):
    (tmp_path / "flow.conf").write_text(FLOW)
    text = flows(
        "  a: {context: night, file: flow.conf}\n"
        '  b: {context: night, extension: "7", file: flow.conf}\n'
        '  c: {context: open, limit_s: 90, too_long: {extension: "1001"}}\n'
    )
    assert to_policy(loaded(tmp_path, text)).call_flows == (
        CallFlow("a", "night"),
        CallFlow("b", "night", "7"),
        CallFlow("c", "open", limit_ms=90_000, too_long=ToExtension("1001")),
    )
    extensions = rendered(tmp_path, text)["extensions.conf"]
    assert extensions.count("#tryinclude") == 1
    assert f'#tryinclude "{tmp_path}/flow.conf"' in extensions.splitlines()


def test_a_path_that_would_end_its_quotes_is_refused(tmp_path):
    with pytest.raises(RenderRefused, match="absolute path"):
        rendered(tmp_path, flows("  a: {context: night, file: 'x\".conf'}\n"))
