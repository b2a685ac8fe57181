"""The command line: ``python -m fooling report``, ``status``, ``publish``, ``restore``, ``findings``, ``audit``."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from fooling.pages import profiles
from fooling.report.pages import NOTEBOOKS, RefusedError, StoppedError, open_workspace, read_pages

# The pipeline's other files are imported by the command that needs them: asking for help costs nothing.


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, without the usage text before it."""

    def error(self, message: str) -> NoReturn:
        raise RefusedError(f"{message}; see `{self.prog} --help`.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets ``run`` to the function that carries it out."""
    parser = _Parser(prog="fooling", description="Run the pages of easily-fooled and say what they found.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_report(commands)
    _add_status(commands)
    _add_publish(commands)
    _add_restore(commands)
    _add_findings(commands)
    _add_audit(commands)
    return parser


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("report", help="run every page that is not fresh, and draw the report")
    _add_profile(parser, "default")
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PAGE", help="run only these (02, 02_mnist_direct) and what they need"
    )
    parser.add_argument("--force", action="store_true", help="run them even where they are fresh")
    parser.set_defaults(run=_report)


def _add_status(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("status", help="say of each page: fresh, stale (why), failed (why) or missing")
    _add_profile(parser, "default")
    parser.set_defaults(run=_status)


def _add_publish(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("publish", help="copy a profile's results to results/published, when all are fresh")
    _add_profile(parser, "default")
    parser.set_defaults(run=_publish)


def _add_restore(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("restore", help="take published runs as this machine's, to draw their pages again")
    _add_profile(parser, "default")
    parser.set_defaults(run=_restore)


def _add_findings(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("findings", help="each claim: the paper, this project, the verdict, the scale")
    _add_profile(parser, None)
    parser.set_defaults(run=_findings)


def _add_audit(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser("audit", help="how easily is a network of your own fooled? One page says it")
    parser.add_argument("model", type=Path, metavar="MODEL.keras", help="saved by model.save")
    parser.add_argument("--class-names", type=Path, metavar="FILE", help="a name on each line, or a JSON list")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="real images; a subfolder for each class, or flat"
    )
    parser.add_argument("--budget", type=float, default=10.0, metavar="MINUTES", help="default: 10")
    parser.add_argument(
        "--input-range",
        nargs=2,
        type=float,
        default=(0.0, 1.0),
        metavar=("LOW", "HIGH"),
        help="what the network expects for black and for white (default: 0 1)",
    )
    parser.add_argument(
        "--image-size",
        nargs=2,
        type=int,
        metavar=("HEIGHT", "WIDTH"),
        help="of a network that takes images of any size",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first run (default: 0)")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: results/audits/NAME-KEY")
    parser.set_defaults(run=_audit)


def _add_profile(parser: argparse.ArgumentParser, default: str | None) -> None:
    said = default or "for each claim the largest published one"
    parser.add_argument(
        "--profile", default=default, metavar="P", help=f"{', '.join(profiles.NAMES)} (default: {said})"
    )


def _report(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.report import make_report

    workspace = open_workspace(arguments.profile, notebooks)
    return make_report(read_pages(notebooks), workspace, arguments.only, arguments.force, sys.stdout)


def _status(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.freshness import survey
    from fooling.report.report import describe_status

    workspace = open_workspace(arguments.profile, notebooks)
    print(describe_status(survey(read_pages(notebooks), workspace), arguments.profile))
    return 0


def _publish(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.publish import publish
    from fooling.report.readme import update_readme

    workspace = open_workspace(arguments.profile, notebooks)
    target, size = publish(read_pages(notebooks), workspace)
    readme, results = notebooks.parent / "README.md", workspace.results.parent
    if readme.is_file() and results == notebooks.parent / "results":
        update_readme(readme, results)
    print(f"Published: {target} ({size / 1e6:.1f} MB).")
    return 0


def _restore(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.publish import restore

    workspace = open_workspace(arguments.profile, notebooks)
    print(f"Restored {restore(workspace)} runs; now run `fooling report --profile {arguments.profile}`.")
    return 0


def _findings(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling import runs
    from fooling.pages import findings
    from fooling.report.index import collect_findings

    if arguments.profile is not None:
        open_workspace(arguments.profile, notebooks)
    found = collect_findings(arguments.profile, runs.results_root())
    if not found:
        where = "published" if arguments.profile is None else f"of profile {arguments.profile}"
        raise RefusedError(f"There are no findings {where} yet; run `fooling report` first.")
    print(findings.as_text(found, width=shutil.get_terminal_size((100, 24)).columns))
    return 0


def _audit(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.audit import Request, audit_model

    given = {name: getattr(arguments, name) for name in Request._fields}
    given |= {name: tuple(given[name]) for name in ("input_range", "image_size") if given[name]}
    return audit_model(Request(**given), notebooks, sys.stdout)


def main(arguments: Sequence[str] | None = None, notebooks: Path = NOTEBOOKS) -> int:
    """Carry out one command and return its exit code: 0 done, 1 a page failed, 2 refused, above 128 stopped.

    Args:
        arguments: The words after the program's name; those of this process when None.
        notebooks: Folder of the pages.
    """
    try:
        parsed = build_parser().parse_args(arguments)
        return int(parsed.run(parsed, notebooks))
    except RefusedError as error:
        return _refuse(str(error))
    except BrokenPipeError:  # whoever read our output has heard enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        # Such as a full disk, or a folder that may not be read: the system's own words, and what they are about.
        return _refuse(f"{error.filename or 'A file'}: {error.strerror or error}.")
    except StoppedError as error:
        print(error, file=sys.stderr)
        return 128 + error.signal
    except KeyboardInterrupt:
        return 130


def _refuse(sentence: str) -> int:
    print(f"fooling: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
