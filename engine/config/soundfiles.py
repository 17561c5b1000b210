"""Sound files: is this one that Asterisk plays on a telephone line, and as what?

Files are recognised by what is in them, not by their names: a name is only what says which of the
headerless formats a file is of. Nothing is converted here; the message has the command that does.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

BYTES_MAX: Final = 32 * 1024 * 1024
"""Larger files are not even read."""

SECONDS_MAX: Final = 300
"""A prompt is over for the engine after ten minutes (`engine.core.prompting.hearing.PROMPT_MS_MAX`)."""

_BYTES_A_SECOND: Final = {
    "wav": 16_000, "sln": 16_000, "wav16": 32_000, "sln16": 32_000, "ulaw": 8_000, "alaw": 8_000,
    "gsm": 1_650,
}  # fmt: skip

_FOREIGN: Final = (
    (b"ID3", "an MP3 file"),
    (b"OggS", "an Ogg file"),
    (b"fLaC", "a FLAC file"),
    (b"#!AMR", "an AMR file"),
    (b"FORM", "an AIFF file"),
    (b".snd", "an AU file"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
)
_HEADERLESS: Final = {
    ".sln": "sln", ".sln16": "sln16", ".ulaw": "ulaw", ".ul": "ulaw", ".mu": "ulaw",
    ".pcm": "ulaw", ".alaw": "alaw", ".al": "alaw", ".gsm": "gsm",
}  # fmt: skip
_WAV_SUFFIXES: Final = {8000: "wav", 16000: "wav16"}
_GSM_FRAME: Final = 33
_PLAYED: Final = "wav (16 bits, 1 channel, 8000 or 16000 Hz), gsm, ulaw, alaw, sln or sln16"


@dataclass(frozen=True, slots=True)
class SoundFile:
    """A file that can be played: its path, Asterisk's suffix for what it is, a digest of it."""

    path: str
    suffix: str
    digest: str


class Unplayable(ValueError):
    """A file cannot be played; the message says why, and what would be right."""


def inspect(path: str) -> SoundFile:
    """Looks into a file.

    Raises:
        Unplayable: it is not there, or Asterisk could not play it on a telephone line.
    """
    file = Path(path)
    try:
        if not file.exists():
            raise Unplayable(f"there is no file {path}")
        if not file.is_file():
            raise Unplayable(f"{path} is no file")
        stat = file.stat()
        return _inspected(path, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))
    except OSError as error:
        raise Unplayable(f"{path} cannot be read: {error.strerror or error}") from None


@lru_cache(maxsize=4096)
def _inspected(path: str, stat: tuple[int, ...]) -> SoundFile:
    if stat[0] > BYTES_MAX:
        raise Unplayable(f"{path} is larger than {BYTES_MAX // 2**20} MB: make it shorter")
    data = Path(path).read_bytes()
    if not data:
        raise Unplayable(f"{path} is empty: record it again")
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        suffix = _wav(path, data)
    else:
        suffix = _headerless(path, data)
    if len(data) > SECONDS_MAX * _BYTES_A_SECOND[suffix]:
        lasts_s = len(data) // _BYTES_A_SECOND[suffix]
        raise Unplayable(
            f"{path} lasts {lasts_s} s, a prompt at most {SECONDS_MAX} s: make it shorter, or, for"
            " music, put it into a directory of settings.music"
        )
    return SoundFile(path, suffix, sha256(data).hexdigest())


def _wav(path: str, data: bytes) -> str:
    """Reads the chunks of a RIFF WAVE file (Microsoft and IBM, 1991)."""
    form: bytes | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            form = data[at + 8 : at + 8 + size]
        if name == b"data":
            if form is None or len(form) < 16:
                break
            if min(size, len(data) - at - 8) < 2:
                raise Unplayable(f"{path} has no sound in it: record it again")
            return _suffix_of(path, form)
        at += 8 + size + size % 2
    raise Unplayable(f"{path} is a damaged WAV file: record or convert it again")


def _suffix_of(path: str, form: bytes) -> str:
    kind, channels, rate, bits = (
        int.from_bytes(form[begin:end], "little")
        for begin, end in ((0, 2), (2, 4), (4, 8), (14, 16))
    )
    coded = {1: "", 6: " A-law", 7: " u-law", 3: " floating point", 0x31: " GSM", 0x55: " MP3"}
    said = (
        f"{bits} bits{coded.get(kind, f' of kind {kind}')}, {channels}"
        f" channel{'' if channels == 1 else 's'}, {rate} Hz"
    )
    if (kind, channels, bits) != (1, 1, 16) or rate not in _WAV_SUFFIXES:
        raise _wrong(path, f"is a WAV file of {said}")
    return _WAV_SUFFIXES[rate]


def _headerless(path: str, data: bytes) -> str:
    for mark, what in _FOREIGN:
        if data.startswith(mark):
            raise _wrong(path, f"is {what}")
    if data[4:8] == b"ftyp":
        raise _wrong(path, "is an MP4 or M4A file")
    # Without a tag an MP3 file begins with a frame; so may silence in u-law, which is named otherwise.
    named_mp3 = Path(path).suffix.lower() in {".mp3", ".mp2", ".mpga", ".wav"}
    if named_mp3 and len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 > 0xE0:
        raise _wrong(path, "is an MP3 file")
    if _is_text(data):
        raise Unplayable(
            f"{path} is a text, no sound: give a sound file, or write the text as text:"
        )
    suffix = _HEADERLESS.get(Path(path).suffix.lower())
    if suffix is None:
        raise _wrong(path, "is of no format that is known")
    if suffix in {"sln", "sln16"} and len(data) % 2:
        raise _wrong(path, f"is no {suffix} file (16-bit samples are two bytes each)")
    if suffix == "gsm" and (
        len(data) % _GSM_FRAME or any(b >> 4 != 0xD for b in data[::_GSM_FRAME])
    ):
        raise _wrong(path, "is no gsm file")
    return suffix


def _is_text(data: bytes) -> bool:
    try:
        text = data[:4096].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < min(len(data), 4096) - 4:
            return False
        text = data[: error.start].decode("utf-8")
    return bool(text) and all(sign.isprintable() or sign in "\t\r\n\f" for sign in text)


def _wrong(path: str, what: str) -> Unplayable:
    source, target = Path(path), Path(path).with_suffix(".wav")
    if target == source:
        target = source.with_name(f"{source.stem}-8k.wav")
    command = shlex.join(
        [
            *("ffmpeg", "-i", str(source)),
            *("-ac", "1", "-ar", "8000", "-c:a", "pcm_s16le"),
            str(target),
        ]
    )
    return Unplayable(f"{path} {what}; Asterisk plays {_PLAYED}; convert it: {command}")
