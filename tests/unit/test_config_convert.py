"""From the admin's models to the core's policy: values arrive, defaults agree."""

import pytest

from engine.config import to_policy
from engine.config.queue import HARMLESS
from engine.config.values import milliseconds
from engine.core import places, policy
from engine.core.agents.rights import GRANTABLE, Role
from engine.core.policy import InitialState, Member, MemberKind, Strategy
from engine.core.waiting import WaitingSound
from tests.support.config_files import BASE, changed, loaded

pytestmark = pytest.mark.unit


def test_a_queue_without_options_is_the_cores_default_queue(tmp_path):
    """Both places have defaults; they must not drift apart."""
    text = changed(BASE, '    members:\n      - {agent: "1001"}\n      - {agent: "1002"}\n', "")
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert queue == policy.QueuePolicy(
        queue_id="6400",
        name="Sales",
        # The core grants nothing by itself; what is usual is said where admins read it.
        manager_rights=GRANTABLE[Role.MANAGER],
        agent_rights=HARMLESS,
    )
    assert set(HARMLESS) <= set(GRANTABLE[Role.AGENT])


def test_numbering_arrives(tmp_path):
    text = (
        BASE
        + "settings: {numbering: {country_code: '1', national_prefix: '1', international_prefix: '011', national_digits: 10}}\n"
    )
    assert to_policy(loaded(tmp_path, text)).settings.numbering == policy.NumberingPlan(
        "1", "1", "011", 10
    )


def test_settings_extensions_and_routes_have_the_cores_defaults(tmp_path):
    made = to_policy(loaded(tmp_path, BASE))
    # 5,000 channels have ports by default, and the two extensions must be left theirs.
    assert made.settings == policy.Settings(calls_max=4_998)
    assert made.extensions[0] == policy.ExtensionPolicy("1001", "Ann")
    assert made.outbound_routes == (policy.OutboundRoute("national", "0X.", "carrier"),)
    assert made.nodes == ("main",)
    assert made.trunks == (policy.TrunkPolicy("carrier"),)


def test_an_agent_without_a_name_has_the_extensions(tmp_path):
    agents = to_policy(loaded(tmp_path, BASE)).agents
    assert agents == (policy.AgentPolicy("1001", "Ann"), policy.AgentPolicy("1002", "Benjamin"))


QUEUE = """\
name: Sales
    strategy: round_robin
    skill_based: true
    weight: 7
    accelerate_s: 60
    max_wait_s: 90
    max_waiting: 12
    failure: {hang_up: 17}
    ring_timeout_s: 0.05
    retry_interval_s: 1.001
    wrapup_s: 15
    agent_prompt: sound:beep
    ring_in_use: true
    autopause_after: 3
    answered_elsewhere: false
    alert_info: info=sales
    waiting_sound: ringing
    language: zh
    progressive_step_s: 2.5
    skill_steps: [{after_s: 0, max_level: 1}, {after_s: 20.5, max_level: 3}]
    required_skills_s: 45
    sticky: {memory_s: 3600, hold_out_s: 12.5}
    wrapup_extend_s: 20
    wrapup_extend_max_s: 60
    follow_forward: true
    recording: {automatic: false, stereo: true}
    managers: ["1002", "1001"]
    rights: {managers: [monitor, record], agents: []}
"""


def test_every_option_of_a_queue_arrives(tmp_path):
    text = changed(BASE, "name: Sales\n", QUEUE)
    text = changed(
        text, '- {agent: "1002"}', '- {agent: "1002", kind: static, skill_level: 2, share: 5}'
    )
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert queue == policy.QueuePolicy(
        queue_id="6400",
        name="Sales",
        members=(Member("1001"), Member("1002", MemberKind.STATIC, 2, 5)),
        strategy=Strategy.ROUND_ROBIN,
        skill_based=True,
        weight=7,
        accelerate_ms=60_000,
        wait_ms_max=90_000,
        waiting_max=12,
        failure=places.HangUp(17),
        ring_timeout_ms=50,
        retry_interval_ms=1_001,
        wrapup_ms=15_000,
        agent_prompt="sound:beep",
        ring_in_use=True,
        autopause_after=3,
        answered_elsewhere=False,
        alert_info="info=sales",
        waiting_sound=WaitingSound(None),
        language="zh",
        progressive_step_ms=2_500,
        skill_steps=(policy.SkillStep(0, 1), policy.SkillStep(20_500, 3)),
        required_skills_ms=45_000,
        sticky=policy.StickyPolicy(3_600_000, 12_500),
        wrapup_extend_ms=20_000,
        wrapup_extend_ms_max=60_000,
        follow_forward=True,
        recording=policy.RecordingPolicy(automatic=False, stereo=True),
        managers=("1002", "1001"),
        manager_rights=(policy.Right.MONITOR, policy.Right.RECORD),
        agent_rights=(),
    )


def test_a_wrapup_can_be_extended_once_unless_more_is_said(tmp_path):
    text = changed(BASE, "name: Sales", "name: Sales\n    wrapup_s: 9\n    wrapup_extend_s: 20")
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert (queue.wrapup_extend_ms, queue.wrapup_extend_ms_max) == (20_000, 20_000)


def test_recording_without_more_is_of_every_talk_on_one_track(tmp_path):
    text = changed(BASE, "name: Sales", "name: Sales\n    recording: {}\n    sticky: {}")
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert queue.recording == policy.RecordingPolicy(automatic=True, stereo=False)
    assert queue.sticky == policy.StickyPolicy(86_400_000, 30_000)


@pytest.mark.row("A-04")
def test_what_a_presence_does_arrives_with_the_reasons_name(tmp_path):
    text = changed(
        BASE, '"1001": {}', '"1001": {presence_rules: {available: nothing}, skills: [fr]}'
    )
    text += (
        'pause_reasons: {"01": Lunch}\n'
        "settings:\n  presence_rules:\n    lunch: {pause_all: '01'}\n    away: pause_all\n"
        "    available: log_in_last\n    off_work: log_out_all\n"
    )
    made = to_policy(loaded(tmp_path, text))
    on, does = policy.Presence, policy.PresenceAction
    assert made.settings.presence_rules == (
        policy.PresenceRule(on.AVAILABLE, does.LOG_IN_LAST),
        policy.PresenceRule(on.AWAY, does.PAUSE_ALL),
        policy.PresenceRule(on.LUNCH, does.PAUSE_ALL, "Lunch"),
        policy.PresenceRule(on.OFF_WORK, does.LOG_OUT_ALL),
    )
    assert made.agents[0].presence_rules == (policy.PresenceRule(on.AVAILABLE, does.NOTHING),)
    assert made.agents[0].skills == ("fr",)
    assert made.agents[1].presence_rules is None


@pytest.mark.row("R-08")
def test_a_routes_priority_and_skills_arrive(tmp_path):
    text = changed(BASE, '"1001": {}', '"1001": {skills: [fr, vip]}') + (
        'inbound_routes: {a: {pattern: "5", destination: {queue: "6400"}, priority: 3,'
        " required_skills: [vip, fr]}}\n"
    )
    [route] = to_policy(loaded(tmp_path, text)).inbound_routes
    assert (route.priority, route.required_skills) == (3, ("vip", "fr"))


def test_codes_that_are_switched_off_arrive_empty(tmp_path):
    text = BASE + 'settings: {feature_codes: {login_last: "", presence: null, barge: "#3"}}\n'
    codes = to_policy(loaded(tmp_path, text)).settings.feature_codes
    assert codes == policy.FeatureCodes(login_last="", presence="", barge="#3")


def test_parking_and_the_supervisors_keys_arrive(tmp_path):
    text = BASE + (
        'settings:\n  parking: {first: "701", last: "720", timeout_s: 50, music: jazz}\n'
        '  monitor_digits: {barge: "#"}\n  music: {default: /a, jazz: /b}\n'
    )
    made = to_policy(loaded(tmp_path, text)).settings
    assert made.parking == policy.ParkingPolicy(701, 720, 50_000, "jazz")
    assert made.monitor_digits == policy.MonitorDigits("4", "5", "#")


@pytest.mark.row("Q-06")
def test_ring_all_never_pauses_agents(tmp_path):
    text = changed(
        BASE, "name: Sales", "name: Sales\n    strategy: ring_all\n    autopause_after: 3"
    )
    [queue] = to_policy(loaded(tmp_path, text)).queues
    assert (queue.strategy, queue.autopause_after) == (Strategy.RING_ALL, 0)


@pytest.mark.row("Q-03")
@pytest.mark.parametrize(
    ("written", "destination"),
    [
        ("hang_up", places.HangUp()),
        ("{hang_up: 34}", places.HangUp(34)),
        ('{extension: "1002"}', places.ToExtension("1002")),
        ('{queue: "6400"}', places.ToQueue("6400")),
        ('{external: {number: "0123", route: national}}', places.ToExternal("0123", "national")),
        ('{play: ["sound:a", "sound:b"]}', places.PlayThenHangUp(("sound:a", "sound:b"))),
    ],
)
def test_destinations_become_the_cores(tmp_path, written, destination):
    text = BASE + f"inbound_routes: {{a: {{pattern: '5', destination: {written}}}}}\n"
    [route] = to_policy(loaded(tmp_path, text)).inbound_routes
    assert route == policy.InboundRoute("a", "5", destination)


def test_settings_arrive(tmp_path):
    text = BASE + (
        "settings:\n  shared_wrapup: true\n  initial_state: paused\n"
        '  feature_codes: {login_toggle: "#1", pause_toggle: "#2"}\n'
        '  failed_offer_pause_s: 2.5\n  max_calls: 7\n  unknown_number_prompts: ["tone:busy"]\n'
    )
    assert to_policy(loaded(tmp_path, text)).settings == policy.Settings(
        shared_wrapup=True,
        initial_state=InitialState.PAUSED,
        feature_codes=policy.FeatureCodes("#1", "#2"),
        failed_offer_pause_ms=2_500,
        calls_max=7,
        unknown_number_media=("tone:busy",),
    )


@pytest.mark.parametrize(
    ("written", "calls_max"),
    [
        ("max_calls: 7", 7),
        # 300 channels, one of them kept for each of the two extensions.
        ("max_calls: 1000\n  rtp: {port_first: 10000, port_last: 10599}", 298),
        # More extensions than that leaves: half the channels.
        ("max_calls: 1000\n  rtp: {port_first: 10000, port_last: 10005}", 1),
    ],
)
def test_callers_leave_ports_to_ring_the_agents(tmp_path, written, calls_max):
    """Callers who took all ports for voice would wait for ever: no phone could be rung."""
    text = BASE + f"settings:\n  {written}\n"
    assert to_policy(loaded(tmp_path, text)).settings.calls_max == calls_max


def test_order_is_kept_as_written(tmp_path):
    text = changed(BASE, "queues:\n", "queues:\n  '9999': {name: Z}\n  '5555': {name: A}\n")
    assert [each.queue_id for each in to_policy(loaded(tmp_path, text)).queues] == [
        "9999",
        "5555",
        "6400",
    ]


@pytest.mark.parametrize(
    ("seconds", "ms"), [(0.05, 50), (1.001, 1001), (0.1 + 0.2, 300), (3, 3000)]
)
def test_seconds_become_exact_milliseconds(seconds, ms):
    assert milliseconds(seconds) == ms
