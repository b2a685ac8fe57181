"""Make the golden arrays again, when a version of results is raised on purpose: all, or those of the named cases.

    python tests/golden/make.py
    python tests/golden/make.py evolve-direct-grey ascent-none

Each case is computed in a process of its own, so that none depends on what was computed before it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

import numpy as np
from cases import CASES
from recording import ARITHMETIC, describe_arithmetic, is_same_arithmetic, record


def main() -> None:
    """Read the command line, and make what it names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="case", help=f"any of {', '.join(CASES)}; all if none is named")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # in this very process
    arguments = parser.parse_args()
    unknown = set(arguments.names) - CASES.keys()
    if unknown:
        parser.error(f"there is no case {', '.join(sorted(unknown))}; choose among {', '.join(CASES)}")
    if arguments.here:
        for name in arguments.names:
            np.savez_compressed(CASES[name].path, **record(CASES[name].compute()))
        return
    if arguments.names and not is_same_arithmetic():
        parser.error("the other cases were made with another arithmetic; make all of them, naming none")
    for name in arguments.names or CASES:
        print(name, flush=True)
        subprocess.run([sys.executable, __file__, "--here", name], check=True)
    ARITHMETIC.write_text(json.dumps(describe_arithmetic(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
