"""What can be wrong with single values: each is told in words, with its line, all at once."""

import pytest

from engine.config import check, load
from engine.config.forms import DESTINATION_WORDS, PRESENCE_WORDS
from tests.support.config_files import BASE, changed, lines_of, loaded, write

pytestmark = pytest.mark.unit

TEN_MISTAKES = """\
nodes:
  main:
    ari: {url: "127.0.0.1:8088", username: usher, password: {env: ARI}}
    ami: {username: usher, password: hunter2}
trunks:
  carrier: {host: sip.example.net, codecs: [alaw, mp3]}
extensions:
  1001: {name: Ann, password: {env: ANN}, max_contacts: 11}
agents:
  1001: {}
  1009: {}
queues:
  6400:
    nam: Sales
    ring_timout_s: 20
    members:
      - {agent: 1001}
      - agent: "1001"
        skill_level: 0
    wrapup_s: 0.0005
"""


def test_ten_mistakes_give_ten_lines_sorted_each_with_its_place(tmp_path):
    assert lines_of(write(tmp_path, TEN_MISTAKES)) == [
        (
            "a.yaml:3: nodes.main.ari.url - must be an address such as http://127.0.0.1:8088,"
            ' without a / at its end, not "127.0.0.1:8088"'
        ),
        (
            "a.yaml:4: nodes.main.ami.password - a secret is never written here:"
            " write {env: NAME} or {file: PATH}"
        ),
        "a.yaml:6: trunks.carrier.codecs[1] - must be ulaw, alaw, g722, g729, gsm, ilbc or opus",
        "a.yaml:8: extensions.1001.max_contacts - must be at most 10, not 11",
        "a.yaml:11: agents.1009 - there is no extension 1009, did you mean 1001?",
        "a.yaml:14: queues.6400.nam - unknown key, did you mean name?",
        "a.yaml:15: queues.6400.ring_timout_s - unknown key, did you mean ring_timeout_s?",
        'a.yaml:17: queues.6400.members[0].agent - must be a text in quotes: "1001"',
        "a.yaml:19: queues.6400.members[1].skill_level - must be at least 1, not 0",
        (
            "a.yaml:20: queues.6400.wrapup_s -"
            " seconds are exact to the millisecond: write at most 3 decimals"
        ),
    ]


def test_rules_about_the_whole_are_told_together_with_mistakes_of_form(tmp_path):
    text = changed(BASE, "members:", "weight: 1000\n    failure: {queue: '6401'}\n    members:")
    text = changed(text, '- {agent: "1002"}', '- {agent: "1003"}')
    assert lines_of(write(tmp_path, text)) == [
        "a.yaml:16: queues.6400.weight - must be at most 999, not 1000",
        "a.yaml:17: queues.6400.failure.queue - there is no queue 6401, did you mean 6400?",
        "a.yaml:20: queues.6400.members[1].agent - there is no agent 1003, did you mean 1002?",
    ]


def queue_with(option):
    return changed(BASE, "name: Sales\n", f"name: Sales\n    {option}\n")


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("strategy: round-robin", ("strategy - must be ring_all, least_recent, fewest_answered,"
         " random, round_robin, linear, weighted, least_talk or progressive, did you mean"
         " round_robin?")),
        ("strategy: 3", ("strategy - must be ring_all, least_recent, fewest_answered, random,"
         " round_robin, linear, weighted, least_talk or progressive")),
        ("ring_timeout_s: 0", "ring_timeout_s - must be at least 0.05, not 0"),
        ("ring_timeout_s: 301", "ring_timeout_s - must be at most 300, not 301"),
        ("ring_timeout_s: .inf", 'ring_timeout_s - must be a number, not ".inf"'),
        ("ring_timeout_s: 1e999", "ring_timeout_s - must be a finite number, not 1e999"),
        ("ring_timeout_s: true", "ring_timeout_s - must be a number, not true"),
        ('ring_timeout_s: "20"', 'ring_timeout_s - must be a number, not "20"'),
        ("ring_timeout_s:", "ring_timeout_s - must be a number, not nothing"),
        ("ring_timeout: 20", "ring_timeout - unknown key, did you mean ring_timeout_s?"),
        ("retry_interval_s: -1", "retry_interval_s - must be at least 0, not -1"),
        ("retry_interval_s: 601", "retry_interval_s - must be at most 600, not 601"),
        ("wrapup_s: 7201", "wrapup_s - must be at most 7200, not 7201"),
        ("max_wait_s: 86401", "max_wait_s - must be at most 86400, not 86401"),
        ("max_waiting: 1.5", "max_waiting - must be a whole number, not 1.5"),
        ("max_waiting: 99999999999999999999999", ("max_waiting - must be at most 10000, not"
         " 99999999999999999999999")),
        ("autopause_after: -1", "autopause_after - must be at least 0, not -1"),
        ("skill_based: yes", 'skill_based - must be true or false, not "yes"'),
        ("skill_based: 1", "skill_based - must be true or false, not 1"),
        ("language: English", ("language - must be a language such as en, zh or en_GB, not"
         ' "English"')),
        ("alert_info: 'a\tb'", "alert_info - must be 1 to 200 ASCII characters"),
        ("agent_prompt: hello", ("agent_prompt - must be prompt:NAME with a name from prompts, or a"
         ' media URI of Asterisk such as sound:hello, digits:6400 or tone:busy, not "hello"')),
        ("waiting_sound: music", ("waiting_sound - must be ringing, {music: CLASS} with a class from"
         " settings.music, or {prompt: NAME} with a name from prompts")),
        ("waiting_sound: {music: 5}", 'waiting_sound.music - must be a text in quotes: "5"'),
        ("failure: hangup", f"failure - {DESTINATION_WORDS}, did you mean hang_up?"),
        ("failure: {quee: '6400'}", f"failure - {DESTINATION_WORDS}, did you mean queue?"),
        ("failure: [queue]", f"failure - {DESTINATION_WORDS}"),
        ("failure: {}", f"failure - {DESTINATION_WORDS}"),
        ("failure: {hang_up: 128}", "failure.hang_up - must be at most 127, not 128"),
        ("failure: {play: []}", "failure.play - must name at least one"),
        ("failure: {play: sound:x}", 'failure.play - must be a list, not "sound:x": write ["sound:x"]'),
        ("failure: {external: {number: '0123'}}", "failure.external - route is missing"),
        ("failure: {extension: '1001', play: ['sound:x']}",
         "failure.play - a destination is one thing only, here already extension"),
        ("description: x", ("description - unknown key; there are: name, members, strategy,"
         " progressive_step_s, skill_based, skill_steps, required_skills_s, sticky, weight,"
         " accelerate_s, max_wait_s, max_waiting, failure, hours, ring_timeout_s,"
         " retry_interval_s, wrapup_s, wrapup_extend_s, wrapup_extend_max_s, agent_prompt, ring_in_use,"
         " follow_forward, autopause_after, answered_elsewhere, alert_info, waiting_sound,"
         " hold_music, language, announcements, key_events, empty, callback, survey, recording, managers, rights")),
        ("progressive_step_s: 0", "progressive_step_s - must be at least 0.5, not 0"),
        ("skill_steps: [{after_s: 0}]", "skill_steps[0] - max_level is missing"),
        ("skill_steps: 5", "skill_steps - must be a list, not 5"),
        ("required_skills_s: -1", "required_skills_s - must be at least 0, not -1"),
        ("sticky: true", "sticky - must be a mapping, not true"),
        ("sticky: {memory: 5}", "sticky.memory - unknown key, did you mean memory_s?"),
        ("sticky: {memory_s: 0}", "sticky.memory_s - must be at least 1, not 0"),
        ("sticky: {hold_out_s: 3601}", "sticky.hold_out_s - must be at most 3600, not 3601"),
        ("wrapup_extend_s: 7201", "wrapup_extend_s - must be at most 7200, not 7201"),
        ("follow_forward: no", 'follow_forward - must be true or false, not "no"'),
        ("recording: yes", 'recording - must be a mapping, not "yes"'),
        ("recording: {sterio: true}", "recording.sterio - unknown key, did you mean stereo?"),
        ("managers: '1001'", 'managers - must be a list, not "1001": write ["1001"]'),
        ("announcements: {join: prompt:hi}",
         'announcements.join - must be a list, not "prompt:hi": write ["prompt:hi"]'),
        ("managers: [1001]", 'managers[0] - must be a text in quotes: "1001"'),
        ("rights: [monitor]", "rights - must be a mapping, not a list"),
        ("rights: {agents: [monitr]}", ("rights.agents[0] - must be wallboard, panel,"
         " change_state, distribute, pick_up, monitor, park, record, contact_match, see_missed,"
         " delete_missed or queue_log, did you mean monitor?")),
    ],
)  # fmt: skip
def test_a_wrong_option_of_a_queue_is_one_line_that_says_what_is_right(tmp_path, option, line):
    assert lines_of(write(tmp_path, queue_with(option))) == [f"a.yaml:16: queues.6400.{line}"]


@pytest.mark.row("W-01")
@pytest.mark.parametrize("weight", [0, 1000])
def test_weight_is_1_to_999(tmp_path, weight):
    [problem] = check(write(tmp_path, queue_with(f"weight: {weight}")))
    assert problem.path == "queues.6400.weight"


@pytest.mark.row("W-01")
@pytest.mark.parametrize("weight", [1, 999])
def test_weights_at_the_ends_are_fine(tmp_path, weight):
    assert loaded(tmp_path, queue_with(f"weight: {weight}")).queues["6400"].weight == weight


@pytest.mark.row("W-02")
@pytest.mark.parametrize("seconds", [9, 1801, 60.5])
def test_acceleration_is_10_to_1800_whole_seconds(tmp_path, seconds):
    [problem] = check(write(tmp_path, queue_with(f"accelerate_s: {seconds}")))
    assert problem.path == "queues.6400.accelerate_s"


@pytest.mark.row("W-02")
@pytest.mark.parametrize("seconds", [10, 1800])
def test_accelerations_at_the_ends_are_fine(tmp_path, seconds):
    queue = loaded(tmp_path, queue_with(f"accelerate_s: {seconds}")).queues["6400"]
    assert queue.accelerate_s == seconds


@pytest.mark.row("Q-03")
@pytest.mark.parametrize(
    "destination",
    [
        "hang_up",
        "{hang_up: 17}",
        '{extension: "1002"}',
        '{queue: "6401"}',
        '{external: {number: "0123", route: national}}',
        '{play: ["sound:a", "tone:busy"]}',
    ],
)
def test_destinations_are_written_alike_in_queues_and_routes(tmp_path, destination):
    text = queue_with(f"failure: {destination}") + (
        f"inbound_routes:\n  a: {{pattern: '5', destination: {destination}}}\n"
    )
    text = changed(text, "queues:\n", "queues:\n  '6401': {name: B, members: [{agent: '1001'}]}\n")
    configuration = loaded(tmp_path, text)
    assert configuration.queues["6400"].failure == configuration.inbound_routes["a"].destination


@pytest.mark.parametrize("pattern", ["5550100", "0X.", ".", "!", "+49N!", "*9Z", "X" * 40])
def test_patterns_as_the_core_reads_them_are_fine(tmp_path, pattern):
    text = BASE + f"inbound_routes:\n  a: {{pattern: '{pattern}', destination: hang_up}}\n"
    assert loaded(tmp_path, text).inbound_routes["a"].pattern == pattern


@pytest.mark.parametrize("pattern", ["_0X.", "0x", "5-5", "0.1", "1!.", "", "[1-5]", " 1", "1\\n"])
def test_other_patterns_are_refused(tmp_path, pattern):
    text = BASE + f'inbound_routes:\n  a: {{pattern: "{pattern}", destination: hang_up}}\n'
    [line] = lines_of(write(tmp_path, text))
    assert line.startswith("a.yaml:22: inbound_routes.a.pattern - must be digits (also + * #)")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("sip: {bind: localhost}", ('sip.bind - must be an IP address such as "127.0.0.1" or'
         ' "0.0.0.0"')),
        ("sip: {port: 0}", "sip.port - must be at least 1, not 0"),
        ("sip: {local_networks: [10.0.0.1/8]}", ("sip.local_networks[0] - must be an IP address"
         " or a network such as 203.0.113.0/24 (bits of the host are set)")),
        ("rtp: {port_first: 80}", "rtp.port_first - must be at least 1024, not 80"),
        ("music: {default: moh}", ("music.default - must be a path that begins with /, such as"
         ' /srv/music, not "moh"')),
        ("music: {Default: /x}", ("music.Default - this key must be a name: a small letter, then"
         " up to 39 small letters, digits, - or _")),
        ("feature_codes: {login_toggle: '7'}", ("feature_codes.login_toggle - must be * or # and"
         ' then 1 to 9 digits, * or #, in quotes ("" switches the code off), not "7"')),
        ("feature_codes: {login: '*7'}", ("feature_codes.login - unknown key, did you mean"
         " login_all?")),
        ("parking: {first: '701'}", "parking - last is missing"),
        ("parking: {first: '0701', last: '702'}", ("parking.first - must be 2 to 6 digits, not 0"
         ' first, in quotes, not "0701"')),
        ("parking: {first: 701, last: '702'}", 'parking.first - must be a text in quotes: "701"'),
        ("presence_rules: {lunch: pause}", f"presence_rules.lunch - {PRESENCE_WORDS}"),
        ("presence_rules: {lunch: {pause_all: 1}}", ("presence_rules.lunch.pause_all - must be a"
         ' text in quotes: "1"')),
        ("presence_rules: {dinner: pause_all}", ("presence_rules.dinner - unknown key; there are:"
         " available, away, business_trip, do_not_disturb, lunch, off_work")),
        ("recordings: {directory: rec}", ("recordings.directory - must be a path that begins with"
         ' /, such as /srv/music, not "rec"')),
        ("recordings: {keep_days: -1}", "recordings.keep_days - must be at least 0, not -1"),
        ("control_socket: /run/x", 'control_socket - must be true or false, not "/run/x"'),
        ("database: {url: mysql://x/y}", ("database.url - must be postgresql://USER@HOST/DATABASE"
         " or sqlite:////ABSOLUTE/PATH")),
        ("initial_state: paussed", ("initial_state - must be logged_out, logged_in or paused, did"
         " you mean paused?")),
        ("numbering: Germany", ('numbering - must be a mapping, not "Germany": write'
         ' {country_code: "49", national_prefix: "0"}, with your country\'s own')),
        ("max_calls: 0", "max_calls - must be at least 1, not 0"),
        # A phone that refuses at once would be called hundreds of times a second.
        ("failed_offer_pause_s: 601", "failed_offer_pause_s - must be at most 600, not 601"),
        ("failed_offer_pause_s: 0", "failed_offer_pause_s - must be at least 0.2, not 0"),
        ("unknown_number_prompts: []", "unknown_number_prompts - must name at least one"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line(tmp_path, written, line):
    text = BASE + f"settings:\n  {written}\n"
    assert lines_of(write(tmp_path, text)) == [f"a.yaml:22: settings.{line}"]


@pytest.mark.parametrize(
    ("source", "fine"),
    [
        ("203.0.113.7", True),
        ("203.0.113.0/24", True),
        ("203.0.113.7:5080", True),
        ("2001:db8::1", True),
        ("2001:db8::/32", True),
        ("203.0.113.7:0", False),
        ("203.0.113.7:65536", False),
        ("203.0.113.7:x", False),
        ("carrier.example", False),
        ("203.0.113.0/24:5060", False),
    ],
)
def test_a_trunks_sources_are_addresses(tmp_path, source, fine):
    text = changed(BASE, "host: sip.example.net", f'host: sip.example.net, match: ["{source}"]')
    assert [each.path for each in check(write(tmp_path, text))] == (
        [] if fine else ["trunks.carrier.match[0]"]
    )


@pytest.mark.parametrize("name", ["Ann", "王小明", "O'Neil, Ann (desk 4)", "é" * 80])
def test_names_may_be_in_any_script(tmp_path, name):
    text = changed(BASE, "name: Ann", f'name: "{name}"')
    assert loaded(tmp_path, text).extensions["1001"].name == name


@pytest.mark.parametrize("name", [" Ann", "Ann ", "", "A\\nB", "A;B", "A<1>", "é" * 81, '\\"A'])
def test_names_that_could_break_out_of_asterisks_files_are_refused(tmp_path, name):
    text = changed(BASE, "name: Ann", f'name: "{name}"')
    assert [each.path for each in check(write(tmp_path, text))] == ["extensions.1001.name"]


def test_a_secret_in_the_wrong_place_is_never_repeated(tmp_path):
    text = changed(BASE, "{env: ANN}", "hunter2")
    text = changed(text, "{env: BEN}", "{env: hunter-2}")
    text = changed(text, "{env: ARI}", "{file: ../hunter2}")
    text = changed(text, "{env: AMI}", "{secret: hunter2}")
    text += "settings: {database: {url: 'postgresql://a:hunter2@db/x'}}\n"
    found = lines_of(write(tmp_path, text))
    assert len(found) == 5
    assert "hunter" not in "".join(found)


def test_paths_of_the_engines_own_machine_count_from_the_configurations_directory(tmp_path):
    text = BASE + "settings: {data_directory: ../var/data, secrets_directory: /run/secrets}\n"
    settings = loaded(tmp_path, text).settings
    assert settings.data_directory == f"{tmp_path.parent}/var/data"
    assert settings.secrets_directory == "/run/secrets"


def test_a_configuration_does_not_change_afterwards(tmp_path):
    configuration = load(write(tmp_path, BASE))
    with pytest.raises(ValueError, match="frozen"):
        configuration.queues["6400"].name = "x"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Welcome", ': write {en: "Welcome"}, with the language\'s own code'),
        ("[Welcome]", ""),
        ("'Say \"hi\"'", ""),
    ],
)
def test_a_prompts_text_has_a_language(tmp_path, text, hint):
    [line] = lines_of(write(tmp_path, BASE + f"prompts:\n  welcome:\n    text: {text}\n"))
    assert line.startswith("a.yaml:23: prompts.welcome.text - must be a mapping, not ")
    assert ("write" in line) == bool(hint)
    assert line.endswith(hint)


@pytest.mark.parametrize(
    ("written", "words"),
    [("[]", "must name at least one"), (f"[{', '.join(['a'] * 21)}]", "must name at most 20")],
)
def test_a_list_of_the_wrong_length_is_told_so(tmp_path, written, words):
    queue = f'    callback: {{prefix: "7", outbound_routes: {written}}}\n'
    text = changed(BASE, "    name: Sales\n", "    name: Sales\n" + queue)
    place = "a.yaml:16: queues.6400.callback.outbound_routes"
    assert f"{place} - {words}" in lines_of(write(tmp_path, text))
