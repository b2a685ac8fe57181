"""The environment is written down three times: pyproject.toml, requirements.txt, environment.yml. They agree."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

PROJECT = tomllib.loads(PYPROJECT)["project"]
DIRECT = [Requirement(line) for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]]
PEERS = [Requirement(line) for line in PROJECT["optional-dependencies"]["peers"]]
PINS = [line for line in REQUIREMENTS.splitlines() if line and not line.lstrip().startswith("#")]

# The machines the pins are for; the packages must be the same on all of them but for what the system needs.
MACHINES = [
    {"sys_platform": system, "python_version": "3.11", "python_full_version": full, "implementation_name": "cpython"}
    | {"platform_python_implementation": "CPython"}
    for system in ("linux", "darwin")
    for full in ("3.11.0", "3.11.14")
]


def pinned_versions(machine: dict[str, str]) -> dict[str, list[str]]:
    """Return every version that requirements.txt asks for on ``machine``, by package."""
    found: dict[str, list[str]] = {}
    for requirement in map(Requirement, PINS):
        if requirement.marker is None or requirement.marker.evaluate(machine):
            found.setdefault(canonicalize_name(requirement.name), []).append(str(requirement.specifier))
    return found


def test_conda_gets_the_same_pins_and_this_package() -> None:
    python, pip, packages = ENVIRONMENT["dependencies"]
    assert (python, pip) == ("python=3.11", "pip")
    assert packages == {"pip": [*PINS, "-e ."]}, "run `make environment.yml`"


def test_each_line_is_one_exact_version() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*( ; .+)?", pin)] == []


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: f"{m['sys_platform']}-{m['python_full_version']}")
def test_each_direct_dependency_is_pinned_once_and_within_bounds(machine: dict[str, str]) -> None:
    pins = pinned_versions(machine)
    assert {name: versions for name, versions in pins.items() if len(versions) != 1} == {}
    for requirement in DIRECT:
        (version,) = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version.removeprefix("==")), f"{requirement} is pinned to {version}"


@pytest.mark.parametrize("name", ["requirements.txt", "environment.yml"])
def test_nothing_says_where_packages_come_from(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(r"://|file:| @ ", line)] == []
    # No option of pip either: the only one is the package itself, for conda.
    options = [line.strip() for line in lines if re.match(r"\s*(- )?-\S", line)]
    assert options == (["- -e ."] if name == "environment.yml" else [])


def test_no_package_for_a_graphics_card_comes_in() -> None:
    assert [pin for pin in PINS if re.match(r"nvidia|cuda|triton|torch", pin)] == []


def test_each_direct_dependency_says_who_needs_it() -> None:
    for requirement in DIRECT + PEERS:
        assert re.search(rf'^ *"{re.escape(str(requirement))}",? +# \S+', PYPROJECT, re.MULTILINE), (
            f"{requirement.name} has no comment in pyproject.toml"
        )


def imported_packages(path: Path) -> set[str]:
    """Return the packages that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def test_what_the_package_imports_is_declared() -> None:
    imported = set().union(*map(imported_packages, (ROOT / "src").rglob("*.py")))
    distributions = {"PIL": "pillow", "google": "protobuf", "sklearn": "scikit-learn"}
    needed = {
        canonicalize_name(distributions.get(name, name)) for name in imported - sys.stdlib_module_names - {"fooling"}
    }
    declared = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["cluster"]
    assert needed - {canonicalize_name(Requirement(line).name) for line in declared} == set()
