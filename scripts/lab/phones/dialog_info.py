"""The body that tells a lamp what to show: dialog-info XML (RFC 4235), pure."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import Final, Literal, Self

DialogState = Literal["terminated", "trying", "proceeding", "early", "confirmed"]
LIVELIEST: Final[tuple[DialogState, ...]] = (
    "early", "confirmed", "proceeding", "trying", "terminated",
)  # fmt: skip
"""Which of several dialogs a lamp shows: a flashing lamp (early) wants to be noticed."""
CONTENT_TYPE: Final = "application/dialog-info+xml"
_NS: Final = "{urn:ietf:params:xml:ns:dialog-info}"


@dataclass(frozen=True, slots=True)
class OneDialog:
    """One dialog of the watched number."""

    id: str
    state: DialogState
    direction: str | None
    """`initiator`: the watched side called; `recipient`: it is called."""
    held: bool
    """It has put its call on hold (`+sip.rendering` is `no`)."""
    remote: str | None
    """The identity of the other side, where told."""


@dataclass(frozen=True, slots=True)
class DialogInfo:
    """All that one NOTIFY says."""

    version: int
    full: bool
    """False: only what changed."""
    entity: str
    """The watched URI."""
    dialogs: tuple[OneDialog, ...]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Parse a body.

        Raises:
            ValueError: it is no dialog-info document, or a state in it is none of RFC 4235's.
        """
        try:
            # The only writer is the laboratory's own Asterisk.
            root = ET.fromstring(body)  # noqa: S314
        except ET.ParseError as reason:
            raise ValueError(f"no dialog-info XML ({reason}): {body[:200]!r}") from None
        if root.tag != f"{_NS}dialog-info":
            raise ValueError(f"no dialog-info but {root.tag}")
        return cls(
            version=int(root.get("version", "")),
            full=root.get("state") == "full",
            entity=root.get("entity", ""),
            dialogs=tuple(_dialog(item) for item in root.iterfind(f"{_NS}dialog")),
        )


def _dialog(item: ET.Element) -> OneDialog:
    state = (item.findtext(f"{_NS}state") or "").strip()
    if state not in LIVELIEST:
        raise ValueError(f"no state of a dialog: {state!r}")
    rendering = [
        param.get("pvalue")
        for param in item.iterfind(f"{_NS}local/{_NS}target/{_NS}param")
        if param.get("pname") == "+sip.rendering"
    ]
    return OneDialog(
        id=item.get("id", ""),
        state=state,
        direction=item.get("direction"),
        held="no" in rendering,
        remote=item.findtext(f"{_NS}remote/{_NS}identity"),
    )


def liveliest(dialogs: tuple[OneDialog, ...]) -> DialogState:
    """What a lamp shows for these dialogs; none at all is `terminated`."""
    states = {dialog.state for dialog in dialogs}
    return next((state for state in LIVELIEST if state in states), "terminated")
