"""`usher simulate` as a person meets it: text, JSON, exit codes, and a failure to take home."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from engine.core.facts import OfferEnded, VisitEnded
from engine.sim import command, replay
from engine.sim.arguments import add_arguments
from engine.sim.command import DONE, FOUND_WRONG, USAGE, run_command
from engine.sim.failure import AuditFailure
from engine.sim.options import HOUR_MS, Options
from engine.sim.run import RealCores, Simulation
from engine.sim.trace import Journal
from tests.sim.houses import MeddledCores, house
from tests.sim.planted import changes

pytestmark = pytest.mark.sim

HEADER = '{"format": "usher-simulation-journal", "version": 1, "epoch": "e", "core_seed": 1}\n'
SAMPLE = Path(__file__).resolve().parents[2] / "config"


def run(*words: object) -> tuple[int, str, str]:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    said: list[str] = []
    complained: list[str] = []
    arguments = parser.parse_args([str(word) for word in words])
    code = run_command(arguments, said.append, complained.append)
    return code, "".join(said), "".join(complained)


def test_seed_and_options_come_first():
    code, said, complained = run("--seed", 7, "--hours", 0.5)
    assert (code, complained) == (DONE, "")
    lines = said.splitlines()
    assert lines[0] == "seed 7"
    assert "duration_ms: 1800000" in said.split("calls  ")[0]
    assert lines[-1].startswith("trace ")
    assert len(lines[-1].split()[1]) == 64


def test_json_is_one_object_a_run():
    code, said, _ = run("--seed", 7, "--hours", 0.25, "--runs", 2, "--swarm", "--json")
    assert code == DONE
    objects = [json.loads(line) for line in said.splitlines()]
    assert [each["options"]["seed"] for each in objects] == [7, 8]
    assert all(each["options"]["swarm"] for each in objects)
    assert all(len(each["report"]["trace_sha256"]) == 64 for each in objects)
    again = run("--seed", 7, "--hours", 0.25, "--swarm", "--json")[1]
    assert json.loads(again) == objects[0]


def test_the_sample_configuration():
    code, said, _ = run(
        "--config", SAMPLE, "--seed", 1, "--hours", 1, "--load", 0.7, "--talk-s", 60, "--json"
    )
    assert code == DONE
    found = json.loads(said)
    assert found["options"]["traffic"]["talk_ms_mean"] == 60_000
    assert found["report"]["total"]["visits"] > 20


def test_patience_zero_is_endless():
    _, said, _ = run("--hours", 0.1, "--patience-s", 0, "--calls-per-hour", 60, "--json")
    found = json.loads(said)
    assert found["options"]["traffic"]["patience_ms_mean"] is None
    assert found["options"]["traffic"]["calls_per_hour"] == 60


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--hours", 0), "--hours must be a number above 0, not 0.0"),
        (("--hours", "nan"), "--hours must be a number above 0"),
        (("--runs", -1), "--runs must be"),
        (("--load", "inf"), "--load must be"),
        (("--patience-s", -2), "--patience-s must be 0 or more, not -2.0"),
    ],
)
def test_wrong_arguments_are_named(words, what):
    code, said, complained = run(*words)
    assert (code, said) == (USAGE, "")
    assert what in complained


def test_a_wrong_configuration_says_where(tmp_path):
    (tmp_path / "queues.yaml").write_text("queues:\n  - nmber: 6400\n", encoding="utf-8")
    code, _, complained = run("--config", tmp_path)
    assert code == FOUND_WRONG
    assert "queues.yaml:1: queues - must be a mapping" in complained


def fail_with(monkeypatch: pytest.MonkeyPatch, make_meddle) -> None:
    """Plants a bug in every core that the command makes."""

    class Planted(RealCores):
        def new(self, epoch, seed):
            return MeddledCores(make_meddle()).new(epoch, seed)

    for module in (command, replay):
        if hasattr(module, "RealCores"):
            monkeypatch.setattr(module, "RealCores", Planted)
    monkeypatch.setattr("engine.sim.run.RealCores", Planted)


def planted_bug():
    return changes(VisitEnded, lambda fact: [fact, fact], nth=3)


def test_a_failure_leaves_a_journal_that_fails_again(monkeypatch, tmp_path):
    fail_with(monkeypatch, planted_bug)
    path = tmp_path / "failed.jsonl"
    code, said, _ = run("--seed", 2, "--hours", 2, "--journal", path)
    assert code == FOUND_WRONG
    assert "[one end]" in said
    assert f"usher simulate --replay {path}" in said
    assert "the last" in said

    journal, header = Journal.load(path)
    assert header["failure"]["rule"] == "one end"
    assert header["options"]["seed"] == 2
    assert journal.entries[-1][0] == header["failure"]["at_ms"]

    code, said, _ = run("--replay", path)
    assert code == FOUND_WRONG
    assert "[one end]" in said
    monkeypatch.undo()
    code, said, _ = run("--replay", path)
    assert code == DONE
    assert said == f"{len(journal.entries)} inputs replayed, no law broken\n"


def test_a_failure_in_json(monkeypatch, tmp_path):
    fail_with(monkeypatch, planted_bug)
    path = tmp_path / "failed.jsonl"
    code, said, _ = run("--seed", 2, "--hours", 2, "--journal", path, "--json")
    assert code == FOUND_WRONG
    found = json.loads(said)["failure"]
    assert found["rule"] == "one end"
    assert found["journal"] == str(path)
    assert 0 < len(found["trace"]) <= 50


def test_no_number_of_a_caller_is_in_the_trace():
    simulation = Simulation(
        house(2), Options(1, HOUR_MS), maker=MeddledCores(changes(OfferEnded, lambda _: []))
    )
    with pytest.raises(AuditFailure) as found:
        simulation.run()
    text = found.value.describe()
    numbers = {
        happened.caller_number
        for _, happened in simulation.world.process.journal.entries
        if hasattr(happened, "caller_number")
    }
    assert numbers
    assert not [number for number in numbers if len(number) > 4 and number in text]


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("", ":1: not JSON"),
        ("{}\n", ":1: not a journal"),
        ('{"format": "usher-simulation-journal", "version": 9}\n', ":1: version 9"),
        (
            HEADER + '[5, {"t": "TimePassed"}]\n[6, {"t": "Nonsense"}]\n',
            ":3: expected one of",
        ),
    ],
)
def test_a_file_that_is_no_journal(tmp_path, content, where):
    path = tmp_path / "x.jsonl"
    path.write_text(content, encoding="utf-8")
    code, said, complained = run("--replay", path)
    assert (code, said) == (FOUND_WRONG, "")
    assert f"{path}{where}" in complained


def test_a_missing_file(tmp_path):
    code, _, complained = run("--replay", tmp_path / "none.jsonl")
    assert code == FOUND_WRONG
    assert "none.jsonl: No such file or directory" in complained
