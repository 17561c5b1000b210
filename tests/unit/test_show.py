"""The demo's parts: what it reads, says and draws, and what it takes over from a configuration."""

from __future__ import annotations

import fcntl
import io
import os
import stat
import tempfile
from pathlib import Path

import pytest
import yaml

from engine.adapters.db import SqlFactStore, schema
from engine.adapters.db.words import OFFER_REASONS, VISIT_REASONS
from engine.config import check, errors_of, load
from engine.config.hours import weekly_of
from engine.core import facts
from engine.core.ids import AgentId, CallId, EndpointName, LegId, NodeId, QueueId, VisitId
from scripts.lab.show.board import Board
from scripts.lab.show.centre import DemoCentre, UnsuitableConfig
from scripts.lab.show.checks import Checks, Unmet, require
from scripts.lab.show.command import kept_words, main
from scripts.lab.show.crowd import Chance, example_of
from scripts.lab.show.ledger import Kind, Ledger
from scripts.lab.show.logwatch import LogWatch
from scripts.lab.show.rundir import LOCK, PREFIX, Unusable, run_directory
from scripts.lab.show.scenario import require_sample
from scripts.lab.show.screen import Ink, Screen, ascii_only, clock, cut
from scripts.lab.show.summary import Figures, table
from scripts.lab.show.words import (
    CALLED_BACK_NOT,
    NO_ANSWER,
    NOT_RATED,
    SENT_ON,
    TURNED_AWAY,
    Names,
    Teller,
)

pytestmark = pytest.mark.unit

SAMPLE = Path(__file__).resolve().parents[2] / "config"
SALES = QueueId("6400")
ANN = AgentId("1001")


def test_the_readme_shows_the_table_as_it_is_printed() -> None:
    """Headings, columns and names; the figures are those of one run."""
    names = {"6400": "Sales", "6401": "Support", "6402": "Support - VIP"}
    vip = Figures(2, 2, 0, 0, 7_300, 13_200)
    lines = table({"6402": vip}, names.__getitem__, names)
    readme = (SAMPLE.parent / "README.md").read_text().splitlines()
    assert f"    {lines[0]}" in readme
    assert f"    {lines[3]}" in readme
    assert {len(line) for line in lines} == {80}, "as wide as a terminal, and aligned"


class Terminal(io.StringIO):
    """Somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def store(tmp_path: Path) -> SqlFactStore:
    url = f"sqlite:///{tmp_path}/usher.db"
    schema.upgrade(url)
    return SqlFactStore(url)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "usher.db")


def teller(ledger: Ledger) -> Teller:
    return Teller(
        ledger, Names(lambda agent: {"1001": "Ann"}.get(agent, agent), lambda queue: f"Q{queue}")
    )


def call(number: int, at_ms: int = 1_000) -> tuple[facts.Fact, facts.Fact]:
    """A customer calls and stands in line."""
    call_id = CallId(f"main-{number}")
    return (
        facts.CallStarted(
            *(10 * number, at_ms, call_id, NodeId("main"), facts.SourceKind.TRUNK),
            *(EndpointName("carrier"), f"555{number}", f"Caller {number}", "5550100", at_ms),
        ),
        facts.VisitStarted(
            10 * number + 1, at_ms, VisitId(f"{call_id}-v1"), call_id, SALES, number
        ),
    )


def talk(number: int, at_ms: int) -> facts.TalkStarted:
    call_id = CallId(f"main-{number}")
    leg, visit = LegId(f"leg-{call_id}-1"), VisitId(f"{call_id}-v1")
    return facts.TalkStarted(10 * number + 2, at_ms, leg, call_id, visit, SALES, ANN, "1001")


def hang_up(number: int, at_ms: int) -> facts.VisitEnded:
    call_id = CallId(f"main-{number}")
    return facts.VisitEnded(
        *(10 * number + 3, at_ms, VisitId(f"{call_id}-v1"), call_id, SALES),
        *(facts.VisitOutcome.ABANDONED, facts.VisitReason.CALLER_HUNG_UP, None),
        *(at_ms - 1_000, 0, 1),
    )


def test_news_are_told_once_and_in_order(store: SqlFactStore, ledger: Ledger) -> None:
    assert ledger.poll() == []

    store.write("e", [*call(1), hang_up(1, 3_500)])
    news = ledger.poll()

    assert [(each.kind, each.began, each.at_ms) for each in news] == [
        (Kind.CALL, True, 1_000),
        (Kind.VISIT, True, 1_000),
        (Kind.VISIT, False, 3_500),
    ]
    assert teller(ledger).lines(news) == [
        (1_000, "Caller 1 calls Q6400 (place 1 in line)"),
        (3_500, "Caller 1 gives up in Q6400 after 2.5 s"),
    ]
    assert ledger.poll() == []
    assert [row["call_id"] for row in ledger.opened(Kind.CALL)] == ["main-1"]


def test_an_end_that_comes_later_is_told_then(store: SqlFactStore, ledger: Ledger) -> None:
    store.write("e", [*call(1)])
    assert len(ledger.poll()) == 2
    assert len(ledger.opened(Kind.VISIT)) == 1

    store.write("e", [hang_up(1, 2_000)])

    assert [(each.kind, each.began) for each in ledger.poll()] == [(Kind.VISIT, False)]
    assert ledger.opened(Kind.VISIT) == []


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            ("1001", "6400", "pause", "not allowed", "1001"),
            "Ann is refused: pause in Q6400, not allowed",
        ),
        (("1009", "", "pause", "not a member", "1009"), "1009 is refused: pause, not a member"),
        (
            ("", "", "hang_up", "no such call", "system"),
            "The operator (system) is refused: hang up, no such call",
        ),
        (
            ("1001", "6400", "redirect", "changed", "system"),
            "The operator (system) is refused: redirect (Ann) in Q6400, changed",
        ),
        (("", "", "listen", "nobody there", ""), "Somebody is refused: listen, nobody there"),
    ],
)
def test_a_refusal_names_who_asked_and_has_no_holes(
    store: SqlFactStore, ledger: Ledger, fields: tuple[str, str, str, str, str], told: str
) -> None:
    store.write("e", [facts.ActionRefused(1, 1_000, *fields)])
    assert teller(ledger).lines(ledger.poll()) == [(1_000, told)]


def test_every_reason_of_the_record_has_words() -> None:
    """A reason without words would end the demo at the first caller whom it befalls."""
    assert set(TURNED_AWAY) == {str(each) for each in VISIT_REASONS[facts.VisitOutcome.MISSED]}
    assert set(NO_ANSWER) == {str(each) for each in OFFER_REASONS[facts.OfferOutcome.MISSED]}
    assert set(SENT_ON) == {str(each) for each in facts.RouteReason} - {"visit_ended"}
    assert set(NOT_RATED) == {str(each) for each in facts.SurveyEnd} - {"answered"}
    assert set(CALLED_BACK_NOT) == {str(each) for each in facts.CallbackReason} - {"talked"}


def test_the_demo_is_open_at_any_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    centre, run_dir = copy_of(SAMPLE, tmp_path)
    copied = load(run_dir / "config").hours
    assert set(copied) == set(centre.configuration.hours)
    for hours in copied.values():
        assert not hours.holidays
        assert weekly_of(hours) == ((0, 7 * 24 * 60),)


def test_a_crowd_is_told_in_one_line(store: SqlFactStore, ledger: Ledger) -> None:
    store.write("e", [each for number in range(1, 6) for each in call(number)])
    assert teller(ledger).lines(ledger.poll()) == [(1_000, "5 customers call Q6400 (places to 5)")]

    store.write("e", [hang_up(number, 2_000) for number in range(1, 6)])
    assert teller(ledger).lines(ledger.poll()) == [(2_000, "5 callers give up in Q6400")]


def test_every_frame_fits_and_says_who_talks(
    store: SqlFactStore, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    centre = DemoCentre(tmp_path / "run", SAMPLE)
    store.write("e", [*call(1), talk(1, 2_000), *call(2)])
    ledger.poll()

    frame = Board(centre, ledger).frame(65_000, 64_000, "a title", ["lately"] * 20, 24)

    assert len(frame) == 23
    assert all(len(line) < 80 for line in frame)
    [ann] = [line for line in frame if "Ann Archer" in line]
    assert ann.split() == [
        "1001",
        "Ann",
        "Archer",
        "talks",
        "with",
        "Caller",
        "1",
        "(Sales)",
        "1:03",
    ]
    [sales] = [line for line in frame if line.startswith(" 6400")]
    assert sales.split() == ["6400", "Sales", "2", "1:04", "1", "0", "0", "0"]


def test_a_frame_is_drawn_over_the_one_before() -> None:
    terminal = Terminal()
    screen = Screen(terminal, {"TERM": "xterm"})

    screen.frame(["Head", " one", " two"])
    screen.frame(["Head", " three"])

    assert terminal.getvalue().count("\x1b[3A") == 1
    assert terminal.getvalue().endswith(" three\x1b[K\n\x1b[J")
    assert screen.live


@pytest.mark.parametrize("environ", [{}, {"TERM": "dumb"}])
def test_a_terminal_that_cannot_redraw_gets_plain_lines(environ: dict[str, str]) -> None:
    screen = Screen(Terminal(), environ)
    assert not screen.live
    assert screen.ink("word", Ink.BOLD) == "word"


def test_words_for_the_screen() -> None:
    assert ascii_only("J\u00fcrgen\x1b[2J\n") == "J?rgen?[2J?"
    assert cut("a long line", 8) == "a lon..."
    assert [clock(ms) for ms in (-5, 7_999, 750_000, 3_723_000)] == [
        *("0:00", "0:07", "12:30", "1:02:03"),
    ]


@pytest.mark.parametrize("pattern", ["5550100", "555020Z", "NXX", "12!", "0X."])
def test_examples_fit_their_patterns(pattern: str) -> None:
    letters = {"X": "0123456789", "Z": "123456789", "N": "23456789"}
    for seed in range(50):
        number = example_of(pattern, Chance(seed))
        fixed = pattern.rstrip(".!")
        assert number.isdecimal()
        assert all(
            digit in letters.get(sign, sign)
            for sign, digit in zip(fixed, number, strict=len(fixed) == len(pattern))
        )


def test_expectations_are_kept_with_their_reasons() -> None:
    told = []
    checks = Checks(told.append)

    with checks.that("well"):
        pass
    with checks.that("wrong"):
        require([], "there is nothing")
    with checks.that("several"):
        raise ExceptionGroup("both", [Unmet("one"), TimeoutError("two")])
    with pytest.raises(ZeroDivisionError), checks.that("a fault of the demo"):
        raise ZeroDivisionError

    assert [(each.text, each.why) for each in checks.settled] == [
        *(("well", ""), ("wrong", "there is nothing"), ("several", "one; two")),
    ]
    assert told == checks.settled
    assert checks.failed == 2


# The configuration.


def copy_of(source: Path, tmp_path: Path) -> tuple[DemoCentre, Path]:
    centre = DemoCentre(tmp_path / "run", source)
    centre.outside.port = 5999  # As if its socket were open.
    centre.write_config()
    return centre, tmp_path / "run"


def test_the_copy_of_the_sample_means_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything but this machine's ports, directories and the carrier's address is the sample's."""
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    centre, run_dir = copy_of(SAMPLE, tmp_path)

    assert errors_of(check(run_dir / "config")) == []
    ours, theirs = load(run_dir / "config"), load(SAMPLE)
    for part in ("extensions", "agents", "queues", "inbound_routes", "outbound_routes"):
        assert getattr(ours, part) == getattr(theirs, part), part
    assert ours.pause_reasons == theirs.pause_reasons
    assert list(ours.nodes) == list(theirs.nodes)
    assert list(ours.trunks) == list(theirs.trunks)
    kept = {"shared_wrapup", "initial_state", "feature_codes", "max_calls", "music"}
    assert ours.settings.model_dump(include=kept) == theirs.settings.model_dump(include=kept)
    assert ours.settings.sip.port == centre.asterisk.ports.sip
    assert (run_dir / "config/queues.yaml").read_bytes() == (SAMPLE / "queues.yaml").read_bytes()


def test_passwords_are_made_up_anew_and_for_the_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, _ = copy_of(SAMPLE, tmp_path / "a")
    two, _ = copy_of(SAMPLE, tmp_path / "b")

    assert one.password("1001") != two.password("1001") != one.password("1002")
    files = [path for path in (tmp_path / "a/run/secrets").rglob("*") if path.is_file()]
    assert len(files) == 11  # Two for the node, eight phones, a voicemail's PIN.
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_nothing_of_a_real_centre_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its carriers, nor its database, nor its directories; its passwords are not asked for."""
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    real = tmp_path / "real"
    real.mkdir()
    for path in SAMPLE.iterdir():
        text = path.read_text().replace("port: 5090", "port: 5060\n    registration: true")
        text = text.replace("host: 127.0.0.1 #", "host: sip.carrier.example #")
        text = text.replace('match: ["127.0.0.1:5090"]', "username: us")
        text = text.replace("codecs: [alaw, ulaw]\n    #", "password: {env: CARRIER}\n    #")
        text = text.replace("database: {}", "database: {url: postgresql://usher@db.example/usher}")
        text = text.replace("../var/data", "/var/lib/usher-real")
        (real / path.name).write_text(text)
    trunks = yaml.safe_load((real / "trunks.yaml").read_text())["trunks"]
    trunks["second"] = dict(trunks["carrier"], host="sip.other.example")
    (real / "trunks.yaml").write_text(yaml.safe_dump({"trunks": trunks}, sort_keys=False))

    _, run_dir = copy_of(real, tmp_path)

    ours = load(run_dir / "config")
    assert {trunk.host for trunk in ours.trunks.values()} == {"127.0.0.1"}
    assert not any(trunk.registration or trunk.username for trunk in ours.trunks.values())
    assert ours.settings.database.url is None
    written = "".join(path.read_text() for path in (run_dir / "config").iterdir())
    assert not any(name in written for name in (".example", "usher-real", "CARRIER"))


def test_files_are_found_from_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine reads stays where it is; what Asterisk reads goes to where Asterisk sees it."""
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    own = tmp_path / "own"
    (own / "prompts").mkdir(parents=True)
    for path in SAMPLE.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    (own / "prompts/x.ulaw").write_bytes(b"\xff" * 800)
    (own / "flow.conf").write_text("[promo]\nexten => s,1,Hangup()\n")
    (own / "more").mkdir()
    (own / "more/flow.conf").write_text("[other]\nexten => s,1,Hangup()\n")
    (own / "own.yaml").write_text(
        "prompts:\n  any: {file: prompts/x.ulaw}\n  each: {files: {en: prompts/x.ulaw}}\n"
        "call_flows:\n  promo: {context: promo, file: flow.conf}\n"
        "  again: {context: promo, file: flow.conf}\n"
        "  other: {context: other, file: more/flow.conf}\n  bare: {context: other}\n"
    )

    centre, run_dir = copy_of(own, tmp_path)

    assert errors_of(check(run_dir / "config")) == []
    ours, theirs = load(run_dir / "config"), load(own)
    assert ours.prompts == theirs.prompts
    files = {name: flow.file for name, flow in ours.call_flows.items()}
    assert files["promo"] == files["again"]
    assert files["bare"] is None
    for name, original in (("promo", "flow.conf"), ("other", "more/flow.conf")):
        copied = Path(files[name] or "")
        assert copied.is_relative_to(centre.asterisk.run_dir), "Asterisk sees nothing else"
        assert copied.read_bytes() == (own / original).read_bytes()
    header = (run_dir / "config/menus.yaml").read_text().splitlines()[:2]
    assert "all hours are open, holidays are left out" in " ".join(header).replace("# ", "")


def test_music_is_brought_to_where_asterisk_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Asterisk has itself stays; what is nowhere as well, for Asterisk to complain about."""
    tree = tmp_path / "tree"
    (tree / "usr/share/asterisk/moh").mkdir(parents=True)
    monkeypatch.setenv("USHER_ASTERISK_ROOT", str(tree))
    own, music = tmp_path / "own", tmp_path / "music"
    own.mkdir()
    (music / "below").mkdir(parents=True)
    (music / "a.wav").write_bytes(b"a")
    (music / "b.wav").symlink_to("a.wav")
    for path in SAMPLE.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    settings = yaml.safe_load((SAMPLE / "settings.yaml").read_text())["settings"]
    classes = {
        "default": "/usr/share/asterisk/moh",
        "own": str(music),
        "nowhere": str(tmp_path / "no"),
    }
    (own / "settings.yaml").write_text(yaml.safe_dump({"settings": {**settings, "music": classes}}))

    centre, run_dir = copy_of(own, tmp_path)

    copied = dict(load(run_dir / "config").settings.music)
    brought = Path(copied["own"])
    assert brought.is_relative_to(centre.asterisk.run_dir)
    assert copied == {**classes, "own": str(brought)}
    found = {path.name: (path.read_bytes(), path.is_symlink()) for path in brought.iterdir()}
    assert found == {"a.wav": (b"a", False), "b.wav": (b"a", False)}


def test_what_cannot_be_copied_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    own = tmp_path / "own"
    own.mkdir()
    for path in SAMPLE.iterdir():
        (own / path.name).write_bytes(path.read_bytes())
    (own / "flow.conf").write_text("[promo]\nexten => s,1,Hangup()\n")
    (own / "own.yaml").write_text("call_flows: {promo: {context: promo, file: flow.conf}}\n")
    centre = DemoCentre(tmp_path / "run", own)
    (centre.asterisk.run_dir / "flows").touch()  # As a full disk would: nothing can be made there.

    with pytest.raises(
        UnsuitableConfig, match=r"call flow's file .*/own/flow\.conf cannot be copied"
    ):
        centre.write_config()


def test_the_file_to_play_with_is_the_one_that_has_the_queues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    own = tmp_path / "own"
    own.mkdir()
    for path in SAMPLE.iterdir():
        name = "lines.yaml" if path.name == "queues.yaml" else path.name
        (own / name).write_bytes(path.read_bytes())
    assert DemoCentre(tmp_path / "run", own).queues_file == tmp_path / "run/config/lines.yaml"


def test_a_change_of_the_configuration_is_told_from_the_log(tmp_path: Path) -> None:
    log, config = tmp_path / "engine.log", tmp_path / "config"
    head = "2026-11-22T15:17:00.123Z {} engine.app.reload: {}\n"
    log.write_text(head.format("INFO", "configuration applied"))
    watch = LogWatch(log, config)
    assert watch.poll() == [], "of before"

    with log.open("a") as written:
        for text in (
            f"configuration: {config}/a.yaml:1: queues.1 - warning: a slip",
            f"configuration: {config}/a.yaml:12: queues.1.ring_timout_s - unknown key",
            f"configuration: {config}/b.yaml:3: queues.2 - the second",
            "configuration not applied, the one before stays in force",
        ):
            written.write(head.format("ERROR", text))
        written.write(head.format("INFO", "configuration applied")[:60])
    assert watch.poll() == [
        "Configuration not applied: a.yaml:12",
        "  queues.1.ring_timout_s - unknown key",
    ]

    with log.open("a") as written:
        written.write(head.format("INFO", "configuration applied")[60:])
        written.write(head.format("INFO", "node main: app_voicemail reloaded"))
        written.write("2026-11-22T15:17:00.123Z ERROR engine.app.pump: of something else\n")
        written.write(head.format("ERROR", "node main: pjsip not reloaded (away)"))
    assert watch.poll() == ["Configuration applied", "Node main: pjsip not reloaded (away)"]
    assert watch.poll() == []


def test_who_keeps_a_run_is_told_where_it_is(tmp_path: Path) -> None:
    told = kept_words(tmp_path / "my run")
    assert f"kept in {tmp_path}/my run." in told
    assert f"usher report summary '{tmp_path}/my run/config'" in told


def test_a_configuration_that_cannot_be_played_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_ASTERISK_ROOT", "/")
    (tmp_path / "two").mkdir()
    for path in SAMPLE.iterdir():
        (tmp_path / "two" / path.name).write_bytes(path.read_bytes())
    nodes = yaml.safe_load((SAMPLE / "nodes.yaml").read_text())["nodes"]
    nodes["other"] = {**nodes["main"], "ari": {**nodes["main"]["ari"], "url": "http://10.0.0.1:1"}}
    (tmp_path / "two/nodes.yaml").write_text(yaml.safe_dump({"nodes": nodes}))

    with pytest.raises(UnsuitableConfig, match="one node, here are 2"):
        DemoCentre(tmp_path / "run", tmp_path / "two")


def test_the_scenario_asks_for_the_sample() -> None:
    sample = load(SAMPLE)
    require_sample(sample)

    fewer = sample.model_copy(
        update={
            "queues": {
                "6400": sample.queues["6400"],
                "6401": sample.queues["6401"],
                "6403": sample.queues["6403"],
            }
        }
    )
    with pytest.raises(UnsuitableConfig, match=r"has no queue 6402$"):
        require_sample(fewer)


# Where it puts things, and the command line.


def test_a_run_directory_is_private_and_goes_away() -> None:
    with run_directory(None) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        (path / "file").touch()
    assert not path.exists()


def test_what_a_killed_demo_left_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("dead", "alive", "strange"):
        (tmp_path / f"{PREFIX}{name}").mkdir()
    (tmp_path / f"{PREFIX}dead" / LOCK).touch()
    held = os.open(tmp_path / f"{PREFIX}alive" / LOCK, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)

    with run_directory(None):
        left = {path.name for path in tmp_path.iterdir()}

    os.close(held)
    assert f"{PREFIX}dead" not in left
    assert {f"{PREFIX}alive", f"{PREFIX}strange"} < left


def test_a_kept_directory_must_be_empty(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    with pytest.raises(Unusable, match="not empty"), run_directory(tmp_path):
        pass
    with pytest.raises(Unusable), run_directory(tmp_path / "old/below"):
        pass
    with run_directory(tmp_path / "new") as path:
        assert path == tmp_path / "new"
    assert path.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--twice"], ["--calls-per-minute", "121"], ["--calls-per-minute", "-1"]),
        *(["--calls-per-minute", "many"], ["--once", "--calls-per-minute", "5"], ["extra"]),
    ],
)
def test_wrong_arguments_end_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: scripts/demo" in capsys.readouterr().err
