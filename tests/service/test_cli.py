"""The `usher` command: exit codes, one clear line for each mistake, JSON where figures are printed."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from engine.adapters.files import FileJournal, StateDirectory
from engine.bootstrap.brain import RoutingBrain, new_epoch
from engine.cli import main
from engine.config import load, to_policy
from engine.core.inputs import EngineStarted, HoursChanged, PolicyApplied
from engine.core.policy import Policy
from engine.core.waiting import HoursKind, HoursNow
from tests.support.scripted_core import call

pytestmark = pytest.mark.service

SAMPLE = Path(__file__).parents[2] / "config"
CONFIG = """
nodes:
  main:
    ari: {url: "http://127.0.0.1:8088", username: usher, password: {file: ari}}
    ami: {username: usher, password: {file: ami}}
extensions:
  "1001": {name: Ann, password: {file: ann}}
agents:
  "1001": {}
queues:
  "6400": {name: Sales, members: [{agent: "1001", kind: static}]}
settings:
  data_directory: data
  secrets_directory: secrets
"""


@pytest.fixture
def config(tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "centre.yaml").write_text(CONFIG)
    return folder


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "check-config",
        "schema",
        "render",
        "card",
        "simulate",
        "replay",
        "report",
        "ctl",
        "db",
        "import-queues",
    ],
)
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: usher {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["render"],
        ["report", "gossip"],
        ["db"],
        ["ctl"],
        ["ctl", "park"],
        ["ctl", "monitor", "c1", "shout"],
        ["ctl", "park", "c1", "--seen", "x"],
        ["db", "drop"],
        ["replay", ".", "--check-every", "0"],
        ["report", "calls", "--sla-s", "-1"],
        ["run", "--directory", "nonsense"],
    ],
)
def test_wrong_usage_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: usher" in capsys.readouterr().err


def test_the_sample_configuration_is_right(capsys):
    assert main(["check-config", str(SAMPLE)]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_all_mistakes_are_told_with_their_lines(config, capsys):
    (config / "centre.yaml").write_text(CONFIG.replace("name: Sales", "nmae: Sales"))
    assert main(["check-config", str(config)]) == 1
    out = capsys.readouterr().out
    assert f"{config}/centre.yaml:11: queues.6400" in out
    assert "Traceback" not in out
    assert main(["check-config", str(config), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)
    assert {problem["line"] for problem in problems} == {11}


@pytest.mark.parametrize(
    "command", [["run"], ["render", "--to", "x"], ["db", "check"], ["report", "calls"]]
)
def test_a_configuration_that_is_not_there_is_one_line(command, tmp_path, capsys):
    name, *rest = command
    position = (
        [*rest[:1], str(tmp_path / "no"), *rest[1:]]
        if name != "render"
        else [
            str(tmp_path / "no"),
            *rest,
        ]
    )
    assert main([name, *position]) == 1
    captured = capsys.readouterr()
    assert str(tmp_path / "no") in captured.err
    assert "Traceback" not in captured.err


def test_render_makes_secrets_if_told_and_says_what_changed(config, tmp_path, capsys):
    target = ["render", str(config), "--to", str(tmp_path / "asterisk")]
    assert main(target) == 1
    assert "secrets/ari does not exist" in capsys.readouterr().err
    assert main([*target, "--make-secrets"]) == 0
    captured = capsys.readouterr()
    assert "main: restart Asterisk" in captured.out
    assert captured.err.count("made up a password") == 3
    password = (config / "secrets" / "ann").read_text().strip()
    assert password not in captured.out + captured.err
    assert password in (tmp_path / "asterisk" / "pjsip.conf").read_text()
    assert main([*target, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "main": {"changed": [], "reload": [], "restart": False}
    }


def test_schema_is_json_or_prose(capsys):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["queues"]
    assert main(["schema", "--markdown"]) == 0
    assert "ring_timeout_s" in capsys.readouterr().out


def test_tables_are_made_and_reported_on(config, capsys):
    assert main(["db", "current", str(config)]) == 0
    assert "(none yet)" in capsys.readouterr().out
    assert main(["db", "check", str(config)]) == 1
    assert "usher db upgrade" in capsys.readouterr().err
    assert main(["report", "calls", str(config)]) == 1
    assert "usher: " in capsys.readouterr().err
    assert main(["db", "upgrade", str(config)]) == 0
    assert main(["db", "check", str(config)]) == 0
    capsys.readouterr()
    for kind in ("calls", "visits", "offers", "summary"):
        assert main(["report", kind, str(config), "--json", "--zone", "Europe/Berlin"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"] == []
    assert main(["report", "summary", str(config), "--from", "2025-01-01"]) == 0
    assert main(["report", "summary", str(config), "--from", "yesterday"]) == 1
    assert "neither a date" in capsys.readouterr().err
    assert main(["report", "summary", str(config), "--zone", "Mars/Olympus"]) == 1
    assert "not a time zone" in capsys.readouterr().err


def test_a_report_on_a_queue_or_agent_that_nobody_knows_says_so(config, capsys):
    main(["db", "upgrade", str(config)])
    capsys.readouterr()
    asked = ["--queue", "9999", "--queue", "6400", "--agent", "8888"]
    for kind in ("calls", "visits", "summary"):
        assert main(["report", kind, *asked, str(config), "--json"]) == 0
        captured = capsys.readouterr()
        assert json.loads(captured.out)["rows"] == []
        assert captured.err.splitlines() == [
            "usher: no queue 9999 in these records, nor in the configuration",
            "usher: no agent 8888 in these records, nor in the configuration",
        ]
    assert main(["report", "summary", "--queue", "6400", str(config)]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [["check-config"], ["ctl", "calls"], ["report", "calls"]])
def test_no_directory_of_configuration_is_told_without_a_line(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.delenv("USHER_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(command) == 1
    captured = capsys.readouterr()
    assert (captured.out + captured.err).startswith("config: there is no such directory; name")
    if command == ["check-config"]:
        assert main([*command, "--json"]) == 1
        [problem] = json.loads(capsys.readouterr().out)
        assert problem["line"] is None


class Recorder:
    """Notes what a centre does, as the pump would."""

    def __init__(self, directory: Path) -> None:
        brain = RoutingBrain()
        self.core = brain.fresh("e1")
        self.journal = FileJournal(StateDirectory(directory), inputs=0, facts_safe=lambda: True)
        self.journal.rotate(self.core)()

    def take(self, now_ms, happened):
        self.journal.append(now_ms, happened)
        self.core.handle(now_ms, happened)
        self.journal.flush()


def test_replay_tells_what_happened_without_callers_numbers(config, tmp_path, capsys):
    data = tmp_path / "data"
    recorder = Recorder(data)
    recorder.take(1_800_000_000_000, EngineStarted())
    recorder.take(1_800_000_000_001, PolicyApplied(to_policy(load(config))))
    arrived = call(1)
    recorder.take(1_800_000_000_002, arrived)
    recorder.journal.close()
    before = sorted(path.name for path in data.iterdir())
    assert main(["replay", str(data)]) == 0
    out = capsys.readouterr().out
    assert "2027-01-15T08:00:00.002+00:00 CallArrived" in out
    assert "3 inputs" in out
    assert "all invariants hold" in out
    assert arrived.caller_number not in out
    assert sorted(path.name for path in data.iterdir()) == before
    assert main(["replay", str(data / "journal-00000001.jsonl"), "--numbers"]) == 0
    assert arrived.caller_number in capsys.readouterr().out
    assert main(["replay", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kinds"]["CallArrived"] == 1


def test_replay_tells_what_opening_hours_said(tmp_path, capsys):
    recorder = Recorder(tmp_path)
    feast = HoursNow("office", HoursKind.HOLIDAY, HoursKind.OPEN, "New Year")
    night = HoursNow("night", HoursKind.CLOSED, HoursKind.CLOSED)
    recorder.take(1_800_000_000_000, PolicyApplied(Policy(), (feast, night)))
    recorder.take(1_800_000_000_001, HoursChanged((HoursNow("night", *[HoursKind.OPEN] * 2),)))
    recorder.journal.close()
    assert main(["replay", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "0 queues, 0 agents, hours: office holiday (New Year), night closed\n" in out
    assert "HoursChanged night open\n" in out


def test_replay_of_a_damaged_journal_finds_it(tmp_path, capsys):
    recorder = Recorder(tmp_path)
    for number in range(3):
        recorder.take(number, EngineStarted())
    recorder.journal.close()
    journal = tmp_path / "journal-00000001.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:2], b"rubbish\n", *lines[3:]]))
    assert main(["replay", str(journal), "--quiet"]) == 1
    assert "WRONG: journal-00000001.jsonl:3" in capsys.readouterr().out
    assert main(["replay", str(tmp_path), "--quiet", "--json"]) == 1
    assert "journal-00000001.jsonl:3" in json.loads(capsys.readouterr().out)["problems"][0]


@pytest.mark.parametrize(
    "first_line", ["rubbish", '{"usher_journal":1,"epoch":"another","inputs":0}']
)
def test_replay_of_a_journal_with_another_beginning_is_one_line(tmp_path, first_line, capsys):
    recorder = Recorder(tmp_path)
    recorder.take(1, EngineStarted())
    recorder.journal.close()
    journal = tmp_path / "journal-00000001.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join([first_line + "\n", *lines[1:]]))
    assert main(["replay", str(journal)]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"usher: {journal}: journal-00000001.jsonl")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["", "nothing", "journal-00000009.jsonl", "odd.txt"])
def test_replay_of_what_is_no_journal_is_one_line(tmp_path, name, capsys):
    if name.endswith(("jsonl", "txt")):
        (tmp_path / name).write_text("")
    assert main(["replay", str(tmp_path / name)]) == 1
    err = capsys.readouterr().err
    assert err.startswith("usher: ")
    assert err.count("\n") == 1


def test_an_epoch_names_its_time():
    assert new_epoch(1_800_000_000_000).startswith("20270115T080000Z-")
    assert new_epoch(1_800_000_000_000) != new_epoch(1_800_000_000_000)


def test_an_hour_is_simulated_on_a_configuration_or_an_invented_one(config, capsys):
    assert main(["simulate", "--hours", "0.2", "--json", "--config", str(config)]) == 0
    assert json.loads(capsys.readouterr().out)["report"]
    assert main(["simulate", "--hours", "0.1"]) == 0
    assert "seed 1" in capsys.readouterr().out
    assert main(["simulate", "--hours", "0"]) == 2
    (config / "centre.yaml").write_text(CONFIG.replace("name: Sales", "nmae: Sales"))
    assert main(["simulate", "--config", str(config)]) == 1
    assert "centre.yaml:11" in capsys.readouterr().err


def test_tables_that_somebody_changed_by_hand_are_found(config, capsys):
    assert main(["db", "upgrade", str(config)]) == 0
    with contextlib.closing(sqlite3.connect(config / "data" / "usher.db")) as database:
        database.execute("ALTER TABLE calls ADD COLUMN mood TEXT")
        database.commit()
    assert main(["db", "check", str(config)]) == 1
    assert "mood" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["import-queues"]])
def test_what_is_not_built_yet_says_so(command, capsys):
    assert main(command) == 2
    assert "not built yet" in capsys.readouterr().err
