"""How numbers are put into words and tables, the same way on every page, figure and terminal."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

SMALLEST_P = 0.0001  # the paper's p; below it, no smaller one is told apart
# What Markdown, MathJax and GitHub read as markup; at the beginning of a line also what begins a list or a quotation.
INLINE = re.compile(r"[\\`*_\[\]{}#|<&$~@!^]|:(?=//)|(?<=www)\.", re.IGNORECASE)
MARKUP = re.compile(rf"{INLINE.pattern}|^[-+=>]|^\d+(?=[.)])", re.IGNORECASE)
JOINERS = "\u200c\u200d"  # invisible letters that some scripts are written with


def show_confidence(confidence: float) -> str:
    """Return a confidence as a percentage that never rounds to certainty or to nothing."""
    percentage = 100.0 * float(confidence)
    if math.isnan(percentage):
        return "undefined"
    if percentage > 99.9999:
        return "> 99.9999%"
    if percentage < 0.01:
        return "< 0.01%"
    if percentage < 0.1:
        return f"{percentage:.3f}%"
    return f"{percentage:.4f}%" if percentage > 99.9 else f"{percentage:.2f}%"


def show_error(share: float) -> str:
    """Return a share of held-out digits as a percentage to a digit in 10,000, as the paper's 0.94%."""
    return f"{share:.2%}"


def show_p(p: float) -> str:
    """Return a p-value as text."""
    return f"p < {SMALLEST_P}" if p < SMALLEST_P else f"p = {p:.4f}"


def show_few(number: float) -> str:
    """Return a number of children per cell, which may be below 1, without a power of ten."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def show_count(count: float | None) -> str:
    """Return how many images were needed; none and infinitely many are never."""
    return "never" if count is None or math.isinf(count) else f"{count:,.0f}"


def show_seconds(seconds: float) -> str:
    """Return a duration as a person would say it: ``48 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6_000 else f"{seconds / 3_600:.1f} h"


def show_minutes(minutes: float) -> str:
    """Return minutes, which may be parts of one, with their word."""
    return f"{minutes:g} minute{'' if minutes == 1 else 's'}"


def count_words(count: int, word: str) -> str:
    """Return a number with its word, in the plural but for 1."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def show_runs(runs: int, medians: tuple[float, float]) -> str:
    """Return how far runs lie apart, for brackets behind their median: ``4 runs: 76.77% to 86.97%``."""
    low, high = map(show_confidence, medians)
    told = count_words(runs, "run")
    return told if runs == 1 else f"{told}: {low} to {high}" if low != high else f"each of {told}"


def list_words(words: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


class Markup(str):
    """Text that is Markdown already; a table shows any other as it is."""

    __slots__ = ()


def table(header: Sequence[object], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    lines: list[Iterable[object]] = [header, [Markup("---")] * len(header), *rows]
    return "\n".join("| " + " | ".join(escape(cell, INLINE) for cell in line) + " |" for line in lines)


def clean_name(name: str) -> str:
    """Return a name of a class, folder or file as one line that can be printed, its letters composed (NFC)."""
    composed = unicodedata.normalize("NFC", " ".join(name.split()))
    return "".join(
        letter if letter.isprintable() or letter in JOINERS else "\N{REPLACEMENT CHARACTER}" for letter in composed
    )


def escape(text: object, markup: re.Pattern[str] = MARKUP) -> Markup:
    """Return Markdown that shows a text as it is: what people call their files and classes is not markup.

    A dollar stands in an element of its own, so that what looks for formulas finds no second one.
    """
    if isinstance(text, Markup):
        return text
    entities = markup.sub(lambda found: "".join(f"&#{ord(letter)};" for letter in found[0]), clean_name(str(text)))
    return Markup(entities.replace("&#36;", "<span>&#36;</span>"))


def list_lines(lines: Iterable[str]) -> str:
    """Return a Markdown list of texts, in none of which anything is markup."""
    return "\n".join(f"- {escape(line)}" for line in lines)
