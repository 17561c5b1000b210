"""`usher sounds`: needs Python alone, so that it can run before anything is installed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from engine.adapters.sounds import SoundsFailed, Synthesiser, build
from engine.core.speech.texts import SPEECH_COMMAND, TEXTS

_STEP = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `usher sounds` takes."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    text = "make the sounds of a language that Asterisk has none of; only what changed is made anew"
    make = actions.add_parser("build", help=text, description=f"{text[0].upper()}{text[1:]}.")
    make.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="where they go, in a directory of the language's name: settings.sounds_directory,"
        " usually /usr/share/asterisk/sounds",
    )
    make.add_argument("--language", default="zh", choices=sorted(TEXTS), help="default: zh")
    make.add_argument(
        "--command",
        default=SPEECH_COMMAND,
        help="what speaks: {text} {file} {voice} {language} stand for what they say; without {text}"
        " the text is given as input, without {file} the WAV file is read from the output;"
        f" default: {SPEECH_COMMAND}",
    )
    make.add_argument("--json", action="store_true", help="print what was made as JSON")


def build_command(options: argparse.Namespace) -> int:
    """Makes the sounds of a language."""

    def said(done: int, of: int) -> None:
        if done and done % _STEP == 0 and not options.json:
            print(f"{done} of {of}", file=sys.stderr)

    texts = TEXTS[options.language]
    try:
        speaker = Synthesiser(options.command)
        built = build(texts, options.language, options.out, speaker, said)
    except SoundsFailed as error:
        print(f"usher: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"usher: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"made": built.made, "kept": built.kept, "removed": built.removed}))
    else:
        print(
            f"{options.out / options.language}: {len(built.made)} made, {len(built.kept)} as they"
            f" were, {len(built.removed)} removed"
        )
    return 0
