"""The command line: options anywhere, and mistakes explained by the command that was meant."""

import itertools
from pathlib import Path

import pytest

from engine.cli import make_parser

pytestmark = pytest.mark.unit


def parsed(*arguments):
    return make_parser().parse_args(arguments)


@pytest.mark.parametrize(
    "order", list(itertools.permutations([("summary", "DIR"), ("--queue", "6400"), ("--json",)]))
)
def test_options_of_a_report_stand_before_and_after(order):
    options = parsed("report", *itertools.chain(*order))
    assert (options.kind, options.config) == ("summary", Path("DIR"))
    assert (options.queue, options.json) == (["6400"], True)


@pytest.mark.parametrize(
    "given",
    [("--queue", "6400"), ("--from", "2025-01-31"), ("--zone", "Europe/Berlin"), ("--json",)],
)
def test_options_of_a_report_stand_between_kind_and_directory(given):
    options = parsed("report", "summary", *given, "DIR", "--limit", "7")
    assert (options.kind, options.config, options.limit) == ("summary", Path("DIR"), 7)


def test_options_that_may_be_repeated_are_all_kept():
    options = parsed("report", "--queue", "6400", "visits", "--queue", "6401", "DIR")
    assert (options.queue, options.config) == (["6400", "6401"], Path("DIR"))


def test_without_a_directory_there_is_the_usual_one(monkeypatch):
    monkeypatch.delenv("USHER_CONFIG", raising=False)
    assert parsed("report", "summary", "--json").config == Path("config")


def test_a_queue_after_the_reason_of_a_pause_is_the_queue():
    options = parsed("ctl", "agent", "1001", "pause", "--reason", "Lunch", "6500")
    asked = {"do": "change_agent", "by": "system", "agent": "1001", "action": "pause"}
    assert options.request(options) == asked | {"queue": "6500", "reason": "Lunch"}


def test_the_engine_is_named_before_or_after_the_verb():
    before = parsed("ctl", "--socket", "S", "--config", "C", "calls")
    after = parsed("ctl", "calls", "--socket", "S", "--config", "C")
    assert (before.socket, before.config) == (after.socket, after.config) == (Path("S"), Path("C"))


def test_after_two_dashes_nothing_is_an_option():
    options = parsed("ctl", "transfer", "--by", "1001", "c1", "play", "--", "-odd")
    assert (options.by, options.to) == ("1001", ["play", "-odd"])


@pytest.mark.parametrize(
    ("arguments", "command", "unknown"),
    [
        (["report", "summary", "--nonsense", "DIR"], "usher report", "--nonsense"),
        (["report", "summary", "DIR", "DIR2"], "usher report", "DIR2"),
        (["ctl", "agent", "1001", "pause", "--nonsense"], "usher ctl agent", "--nonsense"),
        (["ctl", "--nonsense", "calls"], "usher ctl", "--nonsense"),
    ],
)
def test_what_a_command_does_not_know_is_told_with_its_own_usage(
    arguments, command, unknown, capsys
):
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"usage: {command} [-h]")
    assert told.endswith(f"{command}: error: unrecognized arguments: {unknown}\n")


def test_what_is_missing_is_told_with_the_whole_usage(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(["ctl", "agent", "--reason", "Lunch", "1001"])
    told = capsys.readouterr().err
    assert "[--reason REASON]" in told
    assert "AGENT" in told
    assert "the following arguments are required: action" in told


def test_help_names_defaults(capsys):
    for command, words in (
        ("report", ["(default: UTC)", "(default: 1000)", "may be repeated"]),
        ("simulate", ["(default 0.8)", "(default 180)", "(default 120)"]),
    ):
        with pytest.raises(SystemExit):
            make_parser().parse_args([command, "--help"])
        told = " ".join(capsys.readouterr().out.split())
        for word in words:
            assert word in told
