"""A private Asterisk for the demo, tests and benchmarks: own directories, own ports, own end.

    server = AsteriskServer(run_dir)
    ... write the configuration into server.etc, with server.directories() and server.ports ...
    async with server:
        print(await server.cli("core show version"))

Asterisk runs in a mount namespace and a root of its own, made of the tree that `scripts/setup`
built (or of the machine's own system if that has Asterisk 22) and of the run directory, which has
the same path inside as outside. Nothing is mounted where others could see it, the tree is mounted
read-only, and the kernel kills Asterisk when the process that started it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scripts.lab import ports as lab_ports
from scripts.lab.library import LIBRARY, furnish

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PACKAGES = Path(__file__).resolve().parent.parent / "packages"
BOOT_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
CLI_TIMEOUT_S = 20.0
# Short, because the path of a UNIX socket may not be longer than 107 bytes; mounted from run_dir/run.
INSIDE_RUN = "/run/usher-asterisk"

# Run by sh in the new mount namespace, in the place of which chroot and Asterisk then step (exec), so
# that the process that was started stays the one to signal and to measure.
_ENTER = r"""
set -eu
tree=$1 root=$2 run_dir=$3 inside_run=$4
shift 4
mount -t tmpfs -o mode=0755 usher "$root"
for name in bin sbin lib lib32 lib64 libx32; do
    if [ -L "$tree/$name" ]; then ln -s "$(readlink "$tree/$name")" "$root/$name"
    elif [ -d "$tree/$name" ]; then mkdir "$root/$name"; mount --bind -o ro "$tree/$name" "$root/$name"; fi
done
mkdir "$root/etc" "$root/usr" "$root/proc" "$root/dev" "$root/tmp" "$root/var" "$root/run"
mkdir -p "$root/var/lib/asterisk" "$root/var/log" "$root/var/spool/asterisk" "$root$inside_run"
chmod 1777 "$root/tmp"
mount --bind -o ro "$tree/usr" "$root/usr"
mount --bind -o ro "$tree/etc" "$root/etc"
mount --bind "$run_dir/hosts" "$root/etc/hosts"
if [ -f "$root/etc/resolv.conf" ] && [ ! -L "$root/etc/resolv.conf" ]; then
    mount --bind "$run_dir/resolv.conf" "$root/etc/resolv.conf"
fi
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mkdir -p "$root$run_dir"
mount --bind "$run_dir" "$root$run_dir"
mount --bind "$run_dir/run" "$root$inside_run"
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$run_dir" \
    TERM=dumb NOTIFY_SOCKET="$inside_run/notify" "$@"
"""


class AsteriskUnavailable(Exception):
    """There is no Asterisk 22 on this machine; the message says what to do."""


class AsteriskDied(Exception):
    """Asterisk ended or did not come up; the message ends with its last words."""


@dataclass(frozen=True, slots=True)
class AsteriskPorts:
    """Where one Asterisk listens, all on 127.0.0.1. `rtp_last` is inclusive."""

    sip: int
    http: int
    ami: int
    rtp_first: int
    rtp_last: int


def find_tree() -> Path:
    """Returns the root file system that holds Asterisk: `/` or the cached one.

    Raises:
        AsteriskUnavailable: there is none.
    """
    if given := os.environ.get("USHER_ASTERISK_ROOT"):
        return Path(given)
    if (own := shutil.which("asterisk")) is not None and _major_version(own) >= 22:
        return Path("/")
    tree = _cache() / f"asterisk-{_tree_key()}"
    if not (tree / "usr/sbin/asterisk").exists():
        raise AsteriskUnavailable("no Asterisk 22 on this machine; run scripts/setup --asterisk")
    return tree


class AsteriskServer:
    """One Asterisk and its run directory.

    Attributes:
        run_dir: Where everything it writes goes; same path inside and outside its root.
        etc: Its configuration directory, `run_dir/etc`. The caller fills it before `start`.
        sounds: Its sounds (`settings.sounds_directory`), with the languages that
            `scripts/setup --sounds` made. Of what the package brought there are links from within.
        ports: Where it listens. A caller may give a block that it shares with phones.
        pid: The process, once started.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        ports: AsteriskPorts | None = None,
        rtp_ports: int = 600,
        tree: Path | None = None,
    ) -> None:
        """Makes the directories and claims ports; starts nothing.

        Raises:
            AsteriskUnavailable: there is no Asterisk 22 on this machine.
            scripts.lab.ports.NoFreePorts: no ports are left.
        """
        self.tree = find_tree() if tree is None else tree
        self.run_dir = run_dir.resolve()
        self.etc = self.run_dir / "etc"
        self.log = self.run_dir / "log"
        self.spool = self.run_dir / "spool"
        self.pid: int | None = None
        self._block: lab_ports.PortBlock | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._not_before_s = 0.0
        self._rtp_ports = rtp_ports
        for folder in ("", "etc", "run", "log", "spool", "db", "keys/keys", "root", "cache"):
            (self.run_dir / folder).mkdir(parents=True, exist_ok=True)
        for folder in ("recording", "monitor", "voicemail", "tmp", "system"):
            (self.spool / folder).mkdir(exist_ok=True)
        self.sounds = self.run_dir / "data/sounds"
        furnish(self.run_dir / "data", self.tree, _cache() / "sounds")
        self.ports = ports if ports is not None else self._claim_ports()

    def directories(self) -> dict[str, str]:
        """Returns the `[directories]` of its asterisk.conf."""
        return {
            "astetcdir": str(self.etc),
            "astvarlibdir": str(self.run_dir / "db"),
            "astdbdir": str(self.run_dir / "db"),
            "astkeydir": str(self.run_dir / "keys"),
            "astdatadir": str(self.run_dir / "data"),
            "astagidir": f"{LIBRARY}/agi-bin",
            "astspooldir": str(self.spool),
            "astrundir": INSIDE_RUN,
            "astlogdir": str(self.log),
            "astcachedir": str(self.run_dir / "cache"),
        }

    async def start(self, timeout_s: float = BOOT_TIMEOUT_S) -> None:
        """Starts Asterisk and returns when it says that it is fully booted.

        Raises:
            AsteriskDied: it ended, or did not finish in time (it is killed then).
        """
        if self._process is not None:
            raise RuntimeError("already started")
        # Channels' ids are made of the second of the start and a counter: a start in the same second
        # would give the ids of the former run again.
        await asyncio.sleep(max(0.0, self._not_before_s - time.time()))  # noqa: TID251
        # No name is ever looked up elsewhere: a look-up that hangs would hang calls.
        (self.run_dir / "resolv.conf").write_bytes(b"")
        names = f"127.0.0.1 localhost {socket.gethostname()} A.ROOT-SERVERS.NET\n"
        (self.run_dir / "hosts").write_text(names, encoding="utf-8")
        with self._run_folder() as run, _datagrams(f"{run}/notify") as ready:
            with (self.log / "console").open("ab") as console:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command(),
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=console,
                    start_new_session=True,
                )
            self.pid = self._process.pid
            try:
                await self._until_ready(ready, timeout_s)
            except BaseException:
                await self.kill()
                raise

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Ends Asterisk, by SIGTERM and if need be by SIGKILL, and gives the ports back."""
        if self._process is not None and self._process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(timeout_s):
                    await self._process.wait()
            except TimeoutError:
                self._signal(signal.SIGKILL)
        await self._gone()
        if self._block is not None:
            self._block.release()

    async def kill(self) -> None:
        """Kills Asterisk as a crash would; the ports are kept, so `start` may follow."""
        if self._process is not None and self._process.returncode is None:
            self._signal(signal.SIGKILL)
        await self._gone()
        self._not_before_s = math.floor(time.time()) + 1.0  # noqa: TID251

    async def cli(self, command: str, timeout_s: float = CLI_TIMEOUT_S) -> str:
        """Runs one command of Asterisk's command line and returns what it printed.

        Raises:
            ConnectionError: Asterisk does not run.
            TimeoutError: it did not answer.
        """
        async with asyncio.timeout(timeout_s):
            with self._run_folder() as run:
                reader, writer = await asyncio.open_unix_connection(f"{run}/asterisk.ctl")
            try:
                # What `asterisk -rx` itself sends: quit afterwards, so the answer ends with the stream.
                writer.write(b"cli quit after " + command.encode() + b"\0")
                raw = await reader.read()
            finally:
                writer.close()
        # First line: host/pid/version. Colours and the marks of verbose levels are for terminals.
        _, _, text = raw.decode("utf-8", "replace").partition("\n")
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[\x00\x7f\x80-\x9f]", "", text).strip("\n")

    async def reload(self, module: str) -> None:
        """Reloads one module, for example `res_pjsip.so`, or a built-in such as `manager`.

        Raises:
            RuntimeError: Asterisk refused.
        """
        answer = await self.cli(f"module reload {module}")
        if "reloaded successfully" not in answer and "reload" not in answer.lower():
            raise RuntimeError(f"module reload {module}: {answer}")

    def cpu_ms(self) -> int:
        """Returns the processor time, user and system, that Asterisk has used so far."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    def last_words(self, lines: int = 30) -> str:
        """Returns the ends of its logs, for messages."""
        found = []
        for path in (self.log / "console", self.log / "messages.log"):
            if path.exists():
                found += path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        return "\n".join(found)

    async def __aenter__(self) -> Self:
        """Starts it."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops it."""
        await self.stop()

    def _claim_ports(self) -> AsteriskPorts:
        self._block = lab_ports.claim(self._rtp_ports + 100)
        sip, http, ami = (self._block.take() for _ in range(3))
        first, last = self._block.take_range(self._rtp_ports)
        return AsteriskPorts(sip, http, ami, first, last)

    def _command(self) -> Sequence[str]:
        namespaces = ["--mount", "--propagation", "private"]
        if os.geteuid() != 0:
            namespaces.append("--map-root-user")
        return [
            *("setpriv", "--pdeathsig", "KILL", "unshare", *namespaces),
            *("sh", "-c", _ENTER, "enter", str(self.tree), str(self.run_dir / "root")),
            *(str(self.run_dir), INSIDE_RUN),
            *("/usr/sbin/asterisk", "-f", "-C", str(self.etc / "asterisk.conf")),
        ]

    async def _until_ready(self, ready: socket.socket, timeout_s: float) -> None:
        """Waits for Asterisk's own word (systemd's READY=1, sent when it is fully booted)."""
        assert self._process is not None
        loop = asyncio.get_running_loop()
        ended = loop.create_task(self._process.wait())
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    word = loop.create_task(loop.sock_recv(ready, 4096))
                    await asyncio.wait({ended, word}, return_when=asyncio.FIRST_COMPLETED)
                    if not word.done():
                        word.cancel()
                        code = self._process.returncode
                        raise AsteriskDied(f"ended with {code}\n{self.last_words()}")
                    if b"READY=1" in word.result().split(b"\n"):
                        return
        except TimeoutError:
            raise AsteriskDied(f"not up after {timeout_s:g} s\n{self.last_words()}") from None
        finally:
            ended.cancel()

    def _signal(self, number: signal.Signals) -> None:
        assert self.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def _gone(self) -> None:
        if self._process is not None:
            await self._process.wait()
        self._process = None
        self.pid = None

    @contextlib.contextmanager
    def _run_folder(self) -> Iterator[str]:
        """Gives a short path to run_dir/run, whatever the length of run_dir (sockets need it)."""
        folder = os.open(self.run_dir / "run", os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{folder}"
        finally:
            os.close(folder)


@contextlib.contextmanager
def _datagrams(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        Path(path).unlink(missing_ok=True)
        receiver.bind(path)
        receiver.setblocking(False)  # noqa: FBT003
        yield receiver


def _cache() -> Path:
    if given := os.environ.get("USHER_CACHE"):
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "usher"


def _tree_key(environment: Mapping[str, str] = os.environ) -> str:
    """Returns the same key as scripts/setup: a new package list makes a new tree."""
    digest = hashlib.sha256()
    for name in ("asterisk.txt", "asterisk-lab.txt"):
        digest.update((PACKAGES / name).read_bytes())
    digest.update(environment.get("USHER_ASTERISK_SUITE", "forky").encode() + b"\n")
    return digest.hexdigest()[:12]


def _major_version(program: str) -> int:
    answer = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)
    found = re.match(r"Asterisk (\d+)\.", answer.stdout)
    return int(found[1]) if found else 0
