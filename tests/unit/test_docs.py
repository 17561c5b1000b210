"""What the README and docs/ point to exists, and every decision is on the map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def anchors(page: Path) -> set[str]:
    """The headings' anchors, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name}: {target}"


def test_every_file_that_the_map_names_exists() -> None:
    """A room or file of `engine/` is named from there, everything else from the top."""
    text = (ROOT / "docs/map.md").read_text()
    named = re.findall(r"`([\w./{},-]+/[\w./{},-]*|[\w/-]+\.(?:py|cfg|j2|md))`", text)
    assert len(named) > 30
    for name in named:
        for path in spelt_out(name):
            assert (ROOT / path).exists() or (ROOT / "engine" / path).exists(), name


def spelt_out(name: str) -> list[str]:
    before, brace, rest = name.partition("{")
    if not brace:
        return [name]
    choices, _, after = rest.partition("}")
    return [f"{before}{choice}{after}" for choice in choices.split(",")]


def test_every_decision_is_on_the_map() -> None:
    text = (ROOT / "docs/map.md").read_text()
    for decision in sorted((ROOT / "docs/adr").glob("*.md")):
        assert f"(adr/{decision.name})" in text, decision.name
