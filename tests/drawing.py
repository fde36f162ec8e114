"""The architecture as a drawing, whose arrows are the imports that there are: `scripts/docs` writes it."""

from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from tests.test_imports import ROOMS, modules_imported

ROOT = Path(__file__).parent.parent
DRAWING = ROOT / "docs/images/architecture.svg"

# The rooms and files of the library that are drawn: the column that each stands in, and what it does. Its row follows
# from the imports. What is not drawn serves these.
LIBRARY = {
    "cli": (1.5, "the command"),
    "bulk": (2, "whole folders"),
    "client": (0, "asks a service"),
    "classifier": (2, "one line of Python"),
    "api": (0.5, "the JSON of answers"),
    "timeline": (1, "what is seen when"),
    "engine": (3, "model to logits"),
    "video": (2, "file to Clip"),
    "answer": (0.6, "logits to answer"),
    "nets": (3, "architectures"),
    "store": (3, "released models"),
    "windows": (1.6, "stretches of a video"),
    "manifest": (2.6, "model.json"),
    "clip": (2.1, "which frames"),
}
SERVICE = ("routes", "uploads", "decoding", "batching", "registry", "page")
_WIDTH, _HEIGHT, _GAP, _ROW = 132, 46, 14, 86  # of a box, beside it, and from one row to the next
_STYLE = (
    "text{font:600 14px system-ui,sans-serif;fill:#1d1b18;text-anchor:middle}"
    ".small{font-weight:400;font-size:12px;fill:#625d55}.title{font-size:17px}"
    ".house{fill:#fbfaf8;stroke:#d8d4cc}.box{fill:#fff;stroke:#b9b4aa}"
    "path{fill:none;stroke:#9a9cec;stroke-width:1.5}.whole{stroke:#4b4fcf;stroke-width:3}"
)


@cache
def library_imports() -> Mapping[str, frozenset[str]]:
    """Return, for each part of the library that is drawn, which other ones its files import."""
    return {name: frozenset(_imported(name) & LIBRARY.keys() - {name}) for name in LIBRARY}


def _imported(name: str) -> set[str]:
    place = ROOT / "videoxception" / name
    files = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    parts = [module.split(".") for file in files for module in modules_imported(file)]
    return {part[1] for part in parts if part[0] == "videoxception" and len(part) > 1}


def arrows() -> list[tuple[str, str]]:
    """Return who imports whom, without what follows from the rest: of a -> b -> c, not a -> c."""
    graph = library_imports()
    return [
        (name, other)
        for name, others in graph.items()
        for other in sorted(others)
        if not any(other in _reached(between) for between in others - {other})
    ]


@cache
def _reached(name: str) -> frozenset[str]:
    """Return all that a part imports, at first or at second hand."""
    own = library_imports()[name]
    return own.union(*(_reached(other) for other in own))


@cache
def _level(name: str) -> int:
    """Return how far above the bottom a part stands: higher than all that it imports."""
    return 1 + max((_level(other) for other in library_imports()[name]), default=-1)


def drawing() -> str:
    """Return the drawing as SVG."""
    top = max(map(_level, LIBRARY))
    left, inside, height = 190, 4 * (_WIDTH + _GAP) + _GAP, 70 + (top + 1) * _ROW
    places = {
        name: (left + _GAP + column * (_WIDTH + _GAP), 56 + (top - _level(name)) * _ROW)
        for name, (column, _) in LIBRARY.items()
    }
    width = left + inside + 190
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The service and the trainer import the library; in it, every arrow points down</title>",
        f"<style>{_STYLE}</style>",
        *_house(10, 140, height, "app", SERVICE),
        *_house(left, inside, height, "videoxception", ()),
        *_house(width - 150, 140, height, "training", ROOMS),
        f'<path class="whole" d="M150 {height / 2} H{left - 4} m-9 -6 l9 6 l-9 6"/>',
        f'<path class="whole" d="M{width - 150} {height / 2} H{left + inside + 4} m9 -6 l-9 6 l9 6"/>',
        *(_arrow(places[name], places[other]) for name, other in arrows()),
        *(line for name, (x, y) in places.items() for line in _box(x, y, name, LIBRARY[name][1])),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _house(x: float, width: float, height: float, name: str, rooms: tuple[str, ...]) -> list[str]:
    """Return a package, with its rooms one above the other."""
    middle = x + width / 2
    step = (height - 80) / max(len(rooms), 1)
    return [
        f'<rect class="house" x="{x}" y="6" width="{width}" height="{height - 12}" rx="14"/>',
        f'<text class="title" x="{middle}" y="30">{name}</text>',
        *(
            f'<text class="small" x="{middle}" y="{64 + k * step + step / 2:g}">{room}</text>'
            for k, room in enumerate(rooms)
        ),
    ]


def _box(x: float, y: float, name: str, words: str) -> list[str]:
    middle = x + _WIDTH / 2
    return [
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="9"/>',
        f'<text x="{middle:g}" y="{y + 20:g}">{name}</text>',
        f'<text class="small" x="{middle:g}" y="{y + 37:g}">{escape(words)}</text>',
    ]


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Return a curve from the bottom of one box to the top of another."""
    x, y, to_x, to_y = start[0] + _WIDTH / 2, start[1] + _HEIGHT, end[0] + _WIDTH / 2, end[1]
    bend = _ROW / 2
    return f'<path d="M{x:g} {y:g} C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"/>'


if __name__ == "__main__":
    DRAWING.write_text(drawing())
