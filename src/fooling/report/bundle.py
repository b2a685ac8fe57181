"""Pages with a program in them: modules joined into one inline script, and the policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEB, TEMPLATE = HERE / "web", HERE / "template"
IMPORT = re.compile(r"^import\s.*?from\s+\"\./(?P<file>[\w.]+)\";\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|let|class|function)\b)", re.MULTILINE)
# What a module defines for all: declared at the beginning of a line, by itself or in a pattern.
DECLARED = re.compile(
    r"^(?:async )?(?:const|let|class|function)\*? +(?:\{([^}]*)\}|\[([^\]]*)\]|([\w$]+))", re.MULTILINE
)


def bundle_modules(names: Sequence[str], folder: Path = WEB) -> str:
    """Return modules, files of a folder, as one script: a browser loads no module from another file without a server.

    Each must stand after those that it imports. All share one scope, so no two may define the same name. ValueError if
    it is otherwise.
    """
    parts: list[str] = []
    defined: Counter[str] = Counter()
    for place, name in enumerate(names):
        text = (folder / name).read_text(encoding="utf-8")
        for found in IMPORT.finditer(text):
            if found["file"] not in names[:place]:
                raise ValueError(f"{name} imports {found['file']}, which must stand before it.")
        text = EXPORT.sub("", IMPORT.sub("", text))
        defined.update({word for words in DECLARED.findall(text) for word in re.findall(r"[\w$]+", " ".join(words))})
        parts.append(text)
    if twice := sorted(word for word, count in defined.items() if count > 1):
        raise ValueError(f"Several of {', '.join(names)} define {', '.join(twice)}.")
    return "\n".join(parts)


def draw_app(
    template: str,
    modules: Sequence[str],
    styles: Sequence[Path],
    data: Any,
    words: Mapping[str, Any],
    folder: Path = WEB,
) -> str:
    """Return a page with a program, whose modules and template lie in a folder, as one file that asks for nothing.

    The template shows ``policy``, ``style``, ``script``, ``data`` (in an element that is never run), and its own words.
    """
    from markupsafe import Markup

    script = f"\n{bundle_modules(modules, folder)}"
    style = "\n" + "\n".join(path.read_text(encoding="utf-8") for path in styles)
    if "</script" in script.lower() or "</style" in style.lower():
        raise ValueError("A script or style that names its own end tag ends there; write it in two parts.")
    return fill_template(
        folder,
        template,
        policy=write_policy(script, style),
        style=Markup(style),  # not escaped: files of this package, and data that is escaped for its place
        script=Markup(script),
        data=Markup(write_data(data)),
        **words,
    )


def fill_template(folder: Path, template: str, /, **words: Any) -> str:
    """Return a template of a folder with these words in it; one that is missing is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(template).render(**words)


def write_data(data: Any) -> str:
    """Return JSON that no text in it can end: class names may be anything."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def encode_bytes(content: bytes) -> str:
    """Return bytes in base 64 for addresses: it has no slash, so that nothing in it looks like a path."""
    return base64.urlsafe_b64encode(content).decode()


def write_policy(script: str, style: str) -> str:
    """Return a Content-Security-Policy under which this script and this style run, and nothing is loaded or sent."""
    return (
        f"default-src 'none'; script-src '{hash_source(script)}'; style-src '{hash_source(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def hash_source(text: str) -> str:
    """Return the hash by which a policy knows the text between two tags."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
