"""Make the golden arrays again, when a version of results is raised on purpose: all, or those of the named cases.

    python tests/golden/make.py
    python tests/golden/make.py evolve-direct-grey ascent-none

Cases are computed in their own process each, so that none depends on what was computed before it.
"""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
from recording import ARITHMETIC, describe_arithmetic, record


def main(names: list[str]) -> None:
    """Make the arrays of the named cases, of all if none is named."""
    from cases import CASES

    unknown = set(names) - CASES.keys()
    if unknown:
        raise SystemExit(f"There is no case {', '.join(sorted(unknown))}; choose among {', '.join(CASES)}.")
    if len(names) == 1:
        np.savez_compressed(CASES[names[0]].path, **record(CASES[names[0]].compute()))
        return
    for name in names or CASES:
        print(name, flush=True)
        subprocess.run([sys.executable, __file__, name], check=True)
    ARITHMETIC.write_text(json.dumps(describe_arithmetic(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
