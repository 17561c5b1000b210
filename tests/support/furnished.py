"""A draft of a house with places to be sent to: menus, ring groups, voicemail, call flows.

Every prompt is a tone of its own, so what arrives at the caller says what was played.
"""

from __future__ import annotations

import array
import json
import wave
from pathlib import Path
from typing import Any

from scripts.lab.phones.tone import RATE, sine
from tests.support.draft import TONES, Draft

FLOWS = "flows.conf"
MAILS = "mails"


class Furnished(Draft):
    """Adds to a draft what callers can be sent to. Each method returns the destination.

    Args:
        settings: as those of a draft.
    """

    def __init__(self, **settings: Any) -> None:
        """Starts empty."""
        super().__init__(**settings)
        self.settings["voicemail"] = {
            "mail_command": f"/bin/cat >> {TONES}/{MAILS}",
            "attach": False,
            "message_min_s": 1,
        }
        self._flows: list[str] = []
        self._notes: dict[int, float] = {}
        self.places: dict[str, dict[str, dict[str, Any]]] = {}
        """Sections of the configuration, by name: their entries by name."""

    def note(self, hertz: int, seconds: float = 0.8) -> str:
        """Adds a file with a tone; returns the medium that plays it."""
        self._notes[hertz] = max(seconds, self._notes.get(hertz, 0))
        return f"sound:{TONES}/note-{hertz}"

    def menu(self, hertz: int, keys: dict[str, Any], **options: Any) -> dict[str, str]:
        """Adds a menu with that prompt; what each key does is a destination, or a mapping."""
        given = {key: _key(each) for key, each in keys.items()}
        return self._add("menu", "menus", prompt=[self.note(hertz)], keys=given, **options)

    def group(self, *members: str, **options: Any) -> dict[str, str]:
        """Adds a ring group."""
        return self._add("ring_group", "ring_groups", members=list(members), **options)

    def flow(
        self, *steps: str, keys: dict[str, str] | None = None, **options: Any
    ) -> dict[str, str]:
        """Adds a call flow of these steps of dialplan, and of one for each key (after `WaitExten`)."""
        context = f"flow-{len(self._flows)}"
        lines = [f"[{context}]", f"exten => s,1,{steps[0]}"]
        lines += [f" same => n,{step}" for step in steps[1:]]
        lines += [f"exten => {key},1,{step}" for key, step in (keys or {}).items()]
        self._flows.append("\n".join(lines))
        file = f"{TONES}/{FLOWS}"
        return self._add("call_flow", "call_flows", context=context, file=file, **options)

    def box(self, number: str, *members: str) -> dict[str, str]:
        """Adds a voicemail box: the extension's of that number, or with `members` a group's."""
        pin = {"file": f"pin-{number}"}
        if not members:
            self.extensions[number]["voicemail"] = {"pin": pin, "email": f"{number}@example.org"}
        else:
            group = {"number": number, "name": f"Box {number}", "members": list(members)}
            emails = [f"{number}@example.org"]
            self._section("voicemail_groups")[f"box-{number}"] = {
                **group, "pin": pin, "emails": emails,
            }  # fmt: skip
        return {"voicemail": number}

    def _add(self, kind: str, section: str, **entry: Any) -> dict[str, str]:
        entries = self._section(section)
        name = f"{kind.replace('_', '-')}-{len(entries)}"
        entries[name] = entry
        return {kind: name}

    def _section(self, name: str) -> dict[str, dict[str, Any]]:
        return self.places.setdefault(name, {})

    def sections(self, tones: Path | None = None) -> dict[str, Any]:
        """As of any draft; also writes the files that its places need, if there is a folder for them."""
        written = {**super().sections(None), **self.places}
        written["settings"]["music"] = {
            "default": f"{TONES}/music",
            "other": f"{TONES}/other",
        }
        if tones is None:
            return written
        for hertz, seconds in self._notes.items():
            write_note(note_file(tones, hertz), hertz, seconds)
        (tones / FLOWS).write_text("\n".join([*self._flows, ""]), encoding="utf-8")
        filled: dict[str, Any] = json.loads(json.dumps(written).replace(TONES, str(tones)))
        return filled


def note_file(tones: Path, hertz: int) -> Path:
    """Returns where a note is."""
    return tones / f"note-{hertz}.wav"


def write_note(path: Path, hertz: int, seconds: float) -> None:
    """Writes a file that is one tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", sine(hertz, round(RATE * seconds))).tobytes())


def _key(given: Any) -> dict[str, Any]:
    if isinstance(given, dict) and "destination" in given:
        return given
    return {"destination": given}
