"""The command line: ``python -m fooling report``, and the other commands that `--help` names."""

from __future__ import annotations

import sys

try:
    import argparse
    import io
    import os
    import re
    import shutil
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any, NoReturn

    from fooling import runs
    from fooling.data.pictures import RESIZES
    from fooling.evolution.search import FEWEST_IMAGES, SEARCHES
    from fooling.files import DamagedError
    from fooling.pages.page import PROFILES
    from fooling.report.notebooks import NOTEBOOKS, RefusedError, StoppedError, open_workspace, read_notebooks
except KeyboardInterrupt:  # Ctrl-C may come as early as this
    sys.exit(130)

# The report's other files are imported by the command that needs them: asking for help costs nothing.

Command = Callable[[argparse.Namespace, Path], int]


class _Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, without the usage text before it."""

    def print_help(self, file: Any = None) -> None:
        """Print the help; unlike argparse's own, an OSError where it cannot be written."""
        print(self.format_help(), end="", file=file, flush=True)

    def error(self, message: str) -> NoReturn:
        raise RefusedError(f"{message}; see `{self.prog} --help`.")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; each sets ``run`` to the function that carries it out."""
    parser = _Parser(prog="fooling", description="Run the pages of easily-fooled and say what they found.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, run: Command, about: str, profile: str | None = None, said: str = "") -> _Parser:
        added = commands.add_parser(name, help=about)
        added.set_defaults(run=run)
        if profile or said:
            words = f"{', '.join(PROFILES)} (default: {profile or said})"
            added.add_argument("--profile", default=profile, metavar="P", help=words)
        return added

    report = add("report", _report, "run every page that is not fresh, and draw the report", "default")
    report.add_argument(
        "--only", nargs="+", default=[], metavar="PAGE", help="run only these (02, 02_mnist_direct) and what they need"
    )
    report.add_argument("--force", action="store_true", help="run them even where they are fresh")
    report.add_argument(
        "--any-arithmetic", action="store_true", help="take runs of other machines as they are, and continue them"
    )
    report.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster that computes, tcp://HOST:PORT")
    add("status", _status, "say of each page: fresh, stale (why), failed (why) or missing", "default")
    add("publish", _publish, "copy a profile's results to results/published, when all are fresh", "default")
    add("restore", _restore, "take published runs as this machine's, to draw their pages again", "extended")
    add("findings", _findings, "each claim: the paper, this project, the verdict, the scale", said="what is published")
    _add_audit(add("audit", _audit, "how easily is a network of your own fooled? One page says it"))
    photographs = add("photographs", _photographs, "put ImageNet's photographs into data/imagenet-sample, made smaller")
    photographs.add_argument("folder", type=Path, metavar="FOLDER", help="as data/README.md describes it")
    return parser


def _add_audit(parser: argparse.ArgumentParser) -> None:
    """Add what an audit asks for."""
    add = parser.add_argument
    add(
        "model", type=Path, nargs="?", metavar="MODEL.keras", help="saved by model.save; or .h5; or none with FILE:NAME"
    )
    add("--class-names", type=Path, metavar="FILE", help="a name on each line, a JSON list, or class_indices")
    add("--images", type=Path, metavar="FOLDER", help="real images; a subfolder for each class, or flat")
    add("--budget", type=float, default=10.0, metavar="MINUTES", help="default: 10")
    expected = "what the network expects for black and for white (default: what its layers or the images tell)"
    add("--input-range", nargs=2, type=float, metavar=("LOW", "HIGH"), help=expected)
    any_size = "HEIGHT WIDTH of a network that takes images of any size; [CHANNELS] of a function, 3 by default"
    add("--image-size", nargs="+", type=int, metavar="SIDE", help=any_size)
    own = "Python that defines the model's own layers; or FILE:NAME, a function from images to scores, NumPy arrays"
    add("--code", metavar="FILE", help=own)
    add("--trust", action="store_true", help="run code that is kept in MODEL.keras (Lambda layers)")
    add("--calls", type=int, metavar="N", help="the most images that a function is shown")
    add("--strict", action="store_true", help="exit with 3 where the numbers are doubtful")
    add("--resize", choices=RESIZES, default=RESIZES[0], help="real images to the network's size (default: stretch)")
    add(
        "--search",
        choices=tuple(SEARCHES),
        default=FEWEST_IMAGES,
        help="how images are bred (default: fewest images)",
    )
    add("--seed", type=int, default=0, metavar="N", help="of the first run (default: 0)")
    add("--output", type=Path, metavar="FOLDER", help="default: results/audits/NAME-KEY")


def _report(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.commands import make_report

    if arguments.any_arithmetic:
        os.environ[runs.ANY_ARITHMETIC] = "1"  # for the pages' processes
    if arguments.scheduler:
        from fooling import cluster

        try:
            cluster.connect(arguments.scheduler)
        except cluster.ClusterError as error:
            raise RefusedError(str(error)) from error
        os.environ[cluster.SCHEDULER] = arguments.scheduler
    workspace = open_workspace(arguments.profile, notebooks)
    return make_report(read_notebooks(notebooks), workspace, arguments.only, arguments.force, sys.stdout)


def _status(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.commands import describe_status
    from fooling.report.freshness import survey

    workspace = open_workspace(arguments.profile, notebooks)
    print(describe_status(survey(read_notebooks(notebooks), workspace), arguments.profile))
    return 0


def _publish(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.publish import publish, update_readme

    workspace = open_workspace(arguments.profile, notebooks)
    target, size = publish(read_notebooks(notebooks), workspace)
    readme = notebooks.parent / "README.md"
    if readme.is_file() and workspace.published == notebooks.parent / "results" / "published":
        update_readme(readme, workspace.published)
    print(f"Published: {target} ({size / 1e6:.1f} MB).")
    return 0


def _restore(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.publish import restore

    here, elsewhere = restore(open_workspace(arguments.profile, notebooks))
    command = f"fooling report --profile {arguments.profile}"
    print(f"Restored: {here} runs have this machine's arithmetic. To draw their pages: `{command}`.")
    if elsewhere:
        print(
            f"{elsewhere} runs have that of another machine and would be computed again here; to take them as they "
            f"are: `{command} --any-arithmetic`."
        )
    return 0


def _findings(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.commands import show_findings
    from fooling.report.index import collect_findings

    profile = arguments.profile
    workspace = open_workspace(profile or PROFILES[0], notebooks)
    found = collect_findings([workspace.results if profile else workspace.published])
    if not found:
        where = f"of profile {profile}" if profile else "published"
        raise RefusedError(f"There are no findings {where} yet; run `fooling report` first.")
    print(show_findings(found))
    return 0


def _audit(arguments: argparse.Namespace, notebooks: Path) -> int:
    from fooling.report.audit import Options, audit_model

    given = {name: getattr(arguments, name) for name in Options._fields}
    given |= {name: tuple(given[name]) for name in ("input_range", "image_size") if given[name]}
    return audit_model(Options(**given), notebooks, sys.stdout)


def _photographs(arguments: argparse.Namespace, _notebooks: Path) -> int:
    from fooling.data.photographs import shrink_photographs

    try:
        count = shrink_photographs(arguments.folder)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    print(f"{count:,} photographs are in data/imagenet-sample; pages run at `default` or above use them from now on.")
    return 0


def main(arguments: Sequence[str] | None = None, notebooks: Path = NOTEBOOKS) -> int:
    """Carry out one command, this process's own if none is given, and return its exit code.

    0 is done, 1 a page that failed, 2 refused, above 128 stopped.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows its number
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        parsed = build_parser().parse_args(arguments)
        code = int(parsed.run(parsed, notebooks))
        print(end="", flush=True)
        return code
    except BrokenPipeError:  # whoever read our output has heard enough
        _silence()
        return 0
    except (DamagedError, RefusedError, OSError) as error:
        print(f"fooling: {_tell_refusal(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        return 2
    except StoppedError as error:
        print(error, file=sys.stderr)
        return 128 + error.signal
    except KeyboardInterrupt:
        return 130


def _tell_refusal(error: OSError) -> str:
    """Return the system's own words, of a full disk or a folder that may not be read, and what they are about."""
    if isinstance(error, shutil.Error):  # a list of what could not be copied, and why
        _, place, why = error.args[0][0]
        return f"{place}: {re.sub(r'^.Errno [0-9]+. ', '', str(why))}."
    place = error.filename
    try:
        if not place:
            print(flush=True)
    except OSError:
        place = "Standard output"
        _silence()
    return f"{place or 'A file'}: {error.strerror or error}."


def _silence() -> None:
    """Let nothing more be written to standard output, not at the end of this process either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
