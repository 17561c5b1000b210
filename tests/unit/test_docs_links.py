"""Links in the documentation lead to files and headings that exist; the guide names real modes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.adapters.render.render import _FILE_MODE

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]\n]*\]\(([^()\s]+)\)")


def prose(page: Path) -> str:
    """The text without blocks of code, in which brackets mean something else."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a heading can be reached by, as hosting sites make it."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def broken(page: Path) -> list[str]:
    found = []
    for link in LINK.findall(prose(page)):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            found.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target):
            found.append(f"{link}: no such heading")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# Here it is\n[a](b.md) [c](#here-it-is) [d](#there) [e](https://x.invalid/y)\n"
    )
    assert broken(page) == ["b.md: no such file", "#there: no such heading"]


def test_the_guide_names_the_mode_of_asterisks_files() -> None:
    guide = (ROOT / "docs" / "operators-guide.md").read_text()
    modes = re.findall(r"writes Asterisk's files for .*?\(mode (\d+)\)", guide)
    assert modes == [f"{_FILE_MODE:o}"]
