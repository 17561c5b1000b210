"""Hot reload: a configuration with a mistake changes nothing; a good one tells Asterisk first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.adapters.files import ConfigWatcher
from engine.app.ports import Candidate, ReloadFailed, Rendered, RenderFailed
from engine.app.pump import InboxFull
from engine.app.reload import RELOAD_TIMEOUT_S, RETRY_MAX_S, Outcome, Reload
from engine.bootstrap.asterisk_files import Target
from engine.bootstrap.source import ConfigDirectory, FilesOfAsterisk
from engine.config import ConfigError
from engine.core.ids import NodeId
from engine.core.policy import Policy
from tests.support.fakes import InlineThread
from tests.support.hours import schedule

pytestmark = pytest.mark.service

NODE = NodeId("main")
OFFICE = schedule("Europe/Paris", {"mon": ["09:00-18:00"]})
ALL = ("res_pjsip.so", "http", "manager")
GOOD = """
nodes:
  main:
    ari: {url: "http://127.0.0.1:8088", username: usher, password: {env: SECRET}}
    ami: {username: usher, password: {env: SECRET}}
extensions:
  "1001": {name: Ann, password: {env: SECRET}}
agents:
  "1001": {}
queues:
  "6400": {name: Sales, members: [{agent: "1001"}]}
settings:
  data_directory: data
"""


class Source:
    def __init__(self) -> None:
        self.next: Candidate | None = None
        self.same = Candidate((), Policy(), changed=False)
        self.accepted: list[Candidate] = []

    def read(self, *, again: bool = False) -> Candidate | None:
        return self.next or (self.same if again else None)

    def accept(self, candidate: Candidate) -> None:
        self.accepted.append(candidate)


class Bench:
    def __init__(self) -> None:
        self.notes: list = []
        self.source = Source()
        self.rendered = [Rendered(NODE, ("res_pjsip.so", "http"))]
        self.fault: Exception | None = None
        self.hang = False
        self.knows_all = False
        self.full = False
        self.schedules: tuple = ()
        self.reload = Reload(self.source, self.apply, self, {NODE: self}, InlineThread())

    def apply(self, policy: Policy, schedules: tuple = ()) -> None:
        if self.full:
            raise InboxFull("overloaded")
        self.notes.append(policy)
        self.schedules = schedules

    def render(self, candidate: Candidate, *, everything: bool = False) -> list[Rendered]:
        if isinstance(self.fault, RenderFailed):
            raise self.fault
        self.notes.append("render")
        return [Rendered(NODE, ALL)] if everything and self.knows_all else self.rendered

    async def reload_module(self, module: str) -> None:
        if self.hang:
            await asyncio.Event().wait()
        if isinstance(self.fault, ReloadFailed):
            raise self.fault
        self.notes.append(module)


async def test_a_good_configuration_reaches_asterisk_before_the_core(caplog):
    bench = Bench()
    policy = Policy(nodes=(NODE,))
    bench.source.next = Candidate(("warning: odd",), policy, ("settings.sip",))
    assert await bench.reload.reload() is Outcome.APPLIED
    assert bench.notes == ["render", "res_pjsip.so", "http", policy]
    assert bench.source.accepted == [bench.source.next]
    assert "settings.sip takes effect when usher is restarted" in caplog.text
    assert "warning: odd" in caplog.text


async def test_a_configuration_with_errors_changes_nothing_and_says_all(caplog):
    bench = Bench()
    bench.source.next = Candidate(("a.yaml:3: queues - wrong", "a.yaml:9: agents - wrong too"))
    assert await bench.reload.reload() is Outcome.INVALID
    assert bench.notes == []
    assert bench.source.accepted == []
    assert caplog.text.count(" - wrong") == 2


async def test_warnings_beside_errors_are_logged_as_warnings(caplog):
    bench = Bench()
    problems = ("a.yaml:3: queues - wrong", "a.yaml:9: agents - warning: odd")
    bench.source.next = Candidate(problems, warnings=frozenset(problems[1:]))
    assert await bench.reload.reload() is Outcome.INVALID
    levels = {each.getMessage(): each.levelname for each in caplog.records}
    assert levels[f"configuration: {problems[0]}"] == "ERROR"
    assert levels[f"configuration: {problems[1]}"] == "WARNING"


@pytest.mark.row("Q-04")
async def test_a_policy_comes_with_the_hours_it_goes_by():
    bench = Bench()
    bench.source.next = Candidate((), Policy(), schedules=(OFFICE,))
    assert await bench.reload.reload() is Outcome.APPLIED
    assert bench.schedules == (OFFICE,)


async def test_unchanged_files_change_nothing():
    bench = Bench()
    assert await bench.reload.reload() is Outcome.SAME
    assert bench.notes == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (RenderFailed("node main: pjsip.conf: not a name"), "not a name"),
        (ReloadFailed("permission denied"), "module reload res_pjsip.so"),
    ],
)
async def test_calls_go_on_by_the_new_configuration_if_asterisk_cannot_be_told(caplog, fault, said):
    bench = Bench()
    bench.fault = fault
    bench.source.next = Candidate((), Policy())
    assert await bench.reload.reload() is Outcome.INCOMPLETE
    assert bench.notes[-1] == Policy()
    assert said in caplog.text


async def test_an_asterisk_that_does_not_answer_is_not_waited_for_for_ever(caplog):
    bench = Bench()
    bench.hang = True
    bench.source.next = Candidate((), Policy())
    assert await bench.reload.reload() is Outcome.INCOMPLETE
    assert "no answer" in caplog.text


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (RenderFailed("disk full"), ["render", *ALL]),
        (ReloadFailed("AMI is away"), ["render", "res_pjsip.so", "http"]),
    ],
)
async def test_what_asterisk_was_not_told_is_made_up_for_when_it_is_there_again(
    caplog, fault, told
):
    bench = Bench()
    bench.rendered = []
    task = asyncio.get_running_loop().create_task(bench.reload.run(Candidate((), Policy())))
    await asyncio.sleep(1)
    bench.knows_all = True
    bench.rendered = [Rendered(NODE, ("res_pjsip.so", "http"))]
    bench.fault = fault
    bench.source.next = Candidate((), Policy())
    bench.reload._asked.set()
    await asyncio.sleep(1)
    assert bench.reload.last is Outcome.INCOMPLETE
    bench.source.next, bench.rendered = None, []  # The files are as they were, all written.
    await asyncio.sleep(3600)
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1, "told once"
    bench.fault = None
    bench.notes.clear()
    await asyncio.sleep(RETRY_MAX_S)
    assert bench.notes == told
    assert bench.reload.last is Outcome.SAME
    bench.notes.clear()
    await asyncio.sleep(3600)
    assert bench.notes == []
    task.cancel()
    await asyncio.wait([task])


async def test_asked_by_hand_asterisk_is_told_everything_even_if_nothing_has_changed(caplog):
    """After an outage and a restart of Usher nobody remembers what Asterisk has read."""
    bench = Bench()
    bench.knows_all = True
    bench.rendered = []
    bench.source.same = Candidate((), Policy(), ("nodes.main.ari.password",), changed=False)
    bench.reload.ask()
    assert await bench.reload.reload() is Outcome.SAME
    assert bench.notes == ["render", *ALL]
    assert "nodes.main.ari.password takes effect when usher is restarted" in caplog.text
    assert await bench.reload.reload() is Outcome.SAME
    assert bench.notes == ["render", *ALL], "only when it was asked by hand"


async def test_at_the_start_asterisk_is_told_everything():
    """Nobody knows whether it was told before the last end."""
    bench = Bench()
    bench.knows_all = True
    task = asyncio.get_running_loop().create_task(bench.reload.run(Candidate((), Policy())))
    await asyncio.sleep(1)
    assert bench.notes == ["render", *ALL]
    task.cancel()
    await asyncio.wait([task])


async def test_an_asterisk_that_hangs_is_not_asked_about_every_module():
    bench = Bench()
    bench.hang = True
    bench.source.next = Candidate((), Policy())
    loop = asyncio.get_running_loop()
    started = loop.time()
    await bench.reload.reload()
    assert loop.time() - started < 2 * RELOAD_TIMEOUT_S


async def test_an_overloaded_engine_takes_a_configuration_when_it_can(caplog):
    bench = Bench()
    bench.full = True
    bench.source.next = Candidate((), Policy())
    task = asyncio.get_running_loop().create_task(bench.reload.reload())
    await asyncio.sleep(10)
    assert bench.source.accepted == []
    bench.full = False
    assert await task is Outcome.APPLIED
    assert bench.source.accepted == [bench.source.next]
    assert caplog.text.count("overloaded") == 1


async def test_being_asked_often_reloads_once_more_not_often():
    bench = Bench()
    bench.source.next = Candidate((), Policy())
    bench.rendered = []
    task = asyncio.get_running_loop().create_task(bench.reload.run(Candidate(())))
    for _ in range(10):
        bench.reload.ask()
    await asyncio.sleep(1)
    assert bench.notes == ["render", "render", Policy()]
    task.cancel()
    await asyncio.wait([task])


async def test_at_the_start_asterisk_is_told_what_changed_meanwhile_when_it_can_be_asked():
    bench = Bench()
    bench.rendered = [Rendered(NODE, ("res_pjsip.so",))]
    bench.fault = ReloadFailed("not connected yet")
    task = asyncio.get_running_loop().create_task(bench.reload.run(Candidate((), Policy())))
    await asyncio.sleep(2)
    bench.fault = None
    await asyncio.sleep(10)
    assert bench.notes == ["render", "res_pjsip.so"]
    task.cancel()
    await asyncio.wait([task])


def write(path: Path, text: str) -> None:
    path.mkdir(exist_ok=True)
    (path / "all.yaml").write_text(text)


def test_the_directory_of_yaml_as_a_source(tmp_path):
    write(tmp_path, GOOD)
    source = ConfigDirectory(tmp_path, {"SECRET": "s3cret"})
    source.first()
    assert source.read() is None
    write(tmp_path, GOOD.replace("name: Sales", "nmae: Sales"))
    wrong = source.read()
    assert wrong is not None
    assert wrong.policy is None
    assert any("nmae" in problem for problem in wrong.problems)
    assert source.read() is None, "the same mistakes are told once"
    write(tmp_path, GOOD.replace("6400", "6401").replace(":8088", ":8089"))
    good = source.read()
    assert good is not None
    assert good.policy is not None
    assert [queue.queue_id for queue in good.policy.queues] == ["6401"]
    assert good.restart == ("nodes",)
    source.accept(good)
    write(tmp_path, GOOD.replace("6400", "6402").replace(":8088", ":8089"))
    better = source.read()
    assert better is not None
    assert better.restart == (), "compared with what is in force"


@pytest.mark.row("Q-04")
def test_hours_alone_are_a_change_too(tmp_path):
    hours = "hours: {office: {time_zone: UTC, weekly: {mon: ['09:00-18:00']}}}"
    write(tmp_path, f"{GOOD}{hours}")
    source = ConfigDirectory(tmp_path, {"SECRET": "s3cret"})
    source.first()
    first = source.in_force()
    assert [each.weekly for each in first.schedules] == [((540, 1080),)]
    write(tmp_path, f"{GOOD}{hours}".replace("18:00", "17:00"))
    earlier = source.read()
    assert earlier is not None
    assert earlier.policy == first.policy
    assert [each.weekly for each in earlier.schedules] == [((540, 1020),)]


def test_what_is_a_warning_stays_one_beside_errors(tmp_path):
    circle = "ring_groups: {a: {members: ['1001'], failure: {ring_group: a}}}\n"
    write(tmp_path, f"{GOOD}{circle}")
    source = ConfigDirectory(tmp_path, {"SECRET": "s3cret"})
    source.first()
    write(tmp_path, f"{GOOD}{circle}trunk: {{}}\n")
    refused = source.read()
    assert refused is not None
    assert refused.policy is None
    assert len(refused.problems) == 2
    [warning] = refused.warnings
    assert warning in refused.problems
    assert "in a circle" in warning


def test_a_missing_secret_is_a_mistake_that_can_be_mended_without_touching_the_files(tmp_path):
    write(tmp_path, GOOD)
    environ = {"SECRET": "s3cret"}
    source = ConfigDirectory(tmp_path, environ)
    source.first()
    write(tmp_path, GOOD.replace("Ann", "Anna"))
    del environ["SECRET"]
    wrong = source.read()
    assert wrong is not None
    assert wrong.policy is None
    assert "SECRET is not set" in wrong.problems[0]
    environ["SECRET"] = "s3cret"
    good = source.read()
    assert good is not None
    assert good.policy is not None


def test_a_rotated_secret_is_read_when_asked_again_without_a_change_of_the_files(tmp_path):
    write(tmp_path / "config", GOOD)
    environ = {"SECRET": "s3cret"}
    source = ConfigDirectory(tmp_path / "config", environ)
    source.first()
    files = FilesOfAsterisk(Target(tmp_path / "asterisk"))
    files.render(source.in_force())
    environ["SECRET"] = "rotated"
    assert source.read() is None
    same = source.read(again=True)
    assert same is not None
    assert not same.changed
    (rendered,) = files.render(same)
    assert "res_pjsip.so" in rendered.modules
    assert "password = rotated" in (tmp_path / "asterisk" / "pjsip.conf").read_text()
    assert same.restart == ("nodes.main.ari.password", "nodes.main.ami.password")


def test_everything_can_be_asked_for(tmp_path):
    write(tmp_path / "config", GOOD)
    source = ConfigDirectory(tmp_path / "config", {"SECRET": "s3cret"})
    source.first()
    files = FilesOfAsterisk(Target(tmp_path / "asterisk"))
    files.render(source.in_force())
    assert files.render(source.in_force()) == []
    (rendered,) = files.render(source.in_force(), everything=True)
    assert rendered.restart is False
    assert {"res_pjsip.so", "pbx_config.so", "manager"} <= set(rendered.modules)


def test_errors_at_the_start_are_all_told(tmp_path):
    write(tmp_path, GOOD.replace("name: Sales", "nmae: Sales").replace("usher,", "'',"))
    with pytest.raises(ConfigError) as caught:
        ConfigDirectory(tmp_path, {"SECRET": "s3cret"}).first()
    assert len(caught.value.problems) >= 2


def test_only_files_that_differ_are_written_and_only_their_modules_reloaded(tmp_path):
    write(tmp_path / "config", GOOD)
    source = ConfigDirectory(tmp_path / "config", {"SECRET": "s3cret"})
    source.first()
    files = FilesOfAsterisk(Target(tmp_path / "asterisk"))
    write(tmp_path / "config", GOOD.replace("Ann", "Anna"))
    first = source.read()
    assert first is not None
    (rendered,) = files.render(first)
    assert "res_pjsip.so" in rendered.modules
    write(tmp_path / "config", GOOD.replace("Ann", "Hannah"))
    second = source.read()
    assert second is not None
    (rendered,) = files.render(second)
    assert rendered.restart is False
    assert "http" not in rendered.modules
    assert "res_pjsip.so" in rendered.modules
    assert files.render(second) == []


def test_files_that_cannot_be_written_are_a_failure_with_a_name(tmp_path):
    write(tmp_path / "config", GOOD)
    source = ConfigDirectory(tmp_path / "config", {"SECRET": "s3cret"})
    source.first()
    write(tmp_path / "config", GOOD.replace("Ann", "Anna"))
    candidate = source.read()
    assert candidate is not None
    (tmp_path / "asterisk").write_text("in the way")
    with pytest.raises(RenderFailed, match=r"node main: .*asterisk: File exists"):
        FilesOfAsterisk(Target(tmp_path / "asterisk")).render(candidate)


class Watch:
    """Counts what a watcher reports."""

    def __init__(self, path: Path) -> None:
        self.seen = asyncio.Queue[None]()
        self.watcher = ConfigWatcher(path, debounce_s=0.05)

    async def run(self) -> None:
        async for change in self.watcher.changes():
            self.seen.put_nowait(change)

    async def reports(self) -> None:
        async with asyncio.timeout(10):
            await self.seen.get()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.get_running_loop().create_task(self.run())
        await self.reports()  # It watches from here on.
        yield
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


@pytest.mark.real_time
async def test_a_burst_of_changes_is_told_once_when_it_is_over(tmp_path):
    folder = tmp_path / "config"
    write(folder, GOOD)
    watch = Watch(folder)
    async with watch.running():
        (tmp_path / "neighbour").write_text("not ours")
        (folder / "all.yaml").write_text(GOOD)
        (folder / "new.tmp").write_text(GOOD)
        (folder / "new.tmp").replace(folder / "all.yaml")
        await watch.reports()
        assert watch.seen.empty()
        (folder / "all.yaml").unlink()
        await watch.reports()
        assert watch.seen.empty()


@pytest.mark.real_time
@pytest.mark.parametrize("linked", [False, True])
async def test_a_directory_that_is_replaced_as_a_whole_is_watched_again(tmp_path, linked):
    write(tmp_path / "one", GOOD)
    write(tmp_path / "two", GOOD)
    folder = tmp_path / "config"
    if linked:
        folder.symlink_to("one")
    else:
        (tmp_path / "one").rename(folder)
    watch = Watch(folder)
    async with watch.running():
        if linked:
            (tmp_path / "next").symlink_to("two")
            (tmp_path / "next").replace(folder)
        else:
            folder.rename(tmp_path / "old")
            (tmp_path / "two").rename(folder)
        await watch.reports()
        (folder / "all.yaml").write_text(GOOD)
        await watch.reports()


@pytest.mark.real_time
async def test_a_directory_that_is_gone_for_a_while_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.adapters.files.watch.GONE_WAIT_S", 0.05)
    folder = tmp_path / "config"
    write(folder, GOOD)
    watch = Watch(folder)
    async with watch.running():
        (folder / "all.yaml").unlink()
        folder.rmdir()
        await asyncio.sleep(0)
        write(folder, GOOD)
        await watch.reports()
        while not watch.seen.empty():
            watch.seen.get_nowait()
        (folder / "all.yaml").write_text(GOOD)
        await watch.reports()
