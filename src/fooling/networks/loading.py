"""Files of people's models, read without running what is in them, and refused in one sentence that says what to do."""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import h5py

from fooling.files import hash_text

if TYPE_CHECKING:
    import keras

LONGEST = 200  # letters of a reason that is not ours; Choice: two lines
CODE = re.compile('"class_name": "__lambda__"|"function_type": "lambda"')  # of Python in a file of Keras 3, of Keras 2
OLD = '"module": "keras.src.engine'  # in a .keras file of Keras 2, which Keras 3 does not read; it does read others


def load_model(path: str | Path, code: str | Path | None = None, trust: bool = False) -> keras.Model:
    """Load a Keras model from a ``.keras`` or ``.h5`` file; ValueError if a file is missing or cannot be loaded.

    Args:
        code: A file of Python that defines the model's own layers; it is run.
        trust: Whether code inside the model's file (Lambda layers) may run; else it is refused.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path.name!r}.")
    if not zipfile.is_zipfile(path) and not h5py.is_hdf5(path):
        raise ValueError(
            f"{path.name} is not a .keras file, nor an .h5 file of Keras; save the model by model.save('name.keras')."
        )
    refuse_file(path, trust)
    import keras  # only here: TensorFlow takes seconds to start

    own = _list_objects(run_code(code)) if code else {}
    # Keras takes the format from the ending.
    try:
        return keras.models.load_model(path, custom_objects=own, compile=False, safe_mode=not trust)
    except Exception as error:  # a damaged file can raise nearly anything
        raise ValueError(_say_why(path, str(error).strip() or type(error).__name__)) from error


def run_code(path: str | Path) -> ModuleType:
    """Run a file of Python, which may import from its folder, and return its module.

    ValueError if there is no such file, or it fails.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise ValueError(f"There is no file {path.name!r} of code.")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path.name} is not a file of Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)  # where a class says that it is defined
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever the code runs into is its own failure
        raise ValueError(f"{path.name} cannot be run: {type(error).__name__}: {_shorten(str(error))}.") from error
    return module


def hash_code(path: str | Path | None) -> str:
    """Return a hash of a file of code, nothing without one."""
    return hash_text(Path(path).read_text(encoding="utf-8", errors="replace")) if path else ""


def refuse_file(path: Path, trust: bool = False) -> None:
    """Refuse what Keras would refuse, as far as a file's own description tells it, without starting Keras.

    ValueError if a ``.keras`` or ``.h5`` file holds code that is not trusted, or has a form of Keras 2.
    """
    config, saved = _describe_file(path)
    if OLD in config:
        raise ValueError(_say_old(path, saved if saved.startswith("2") else "2"))
    if not trust and CODE.search(config):
        raise ValueError(
            f"{path.name} cannot be loaded as a Keras model: it holds code of Python (such as a Lambda layer), which "
            "is run only for a file that you trust; add --trust (TRUST) if you do."
        )


def _describe_file(path: Path) -> tuple[str, str]:
    """Return the layers in a file as JSON, and the version of Keras that saved it, each empty if it cannot be read."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                config, about = (json.loads(file.read(name)) for name in ("config.json", "metadata.json"))
            config.pop("compile_config", None)  # nothing of which is loaded
            return json.dumps(config), str(about.get("keras_version", ""))
        with h5py.File(path) as file:
            found = [file.attrs.get(name, "") for name in ("model_config", "keras_version")]
        config, saved = (one.decode() if isinstance(one, bytes) else str(one) for one in found)
        return config, saved
    except Exception:  # a damaged file can raise nearly anything; what it is, Keras says
        return "", ""


def _list_objects(module: ModuleType) -> dict[str, Any]:
    """Return the classes and functions of a module by name."""
    return {name: one for name, one in vars(module).items() if inspect.isclass(one) or inspect.isfunction(one)}


def _say_why(path: Path, text: str) -> str:
    """Return in one sentence why a file cannot be loaded, and what to do."""
    saved, here, reason = _describe_file(path)[1], version("keras"), _shorten(text.split("Exception encountered: ")[-1])
    what = f"{path.name} cannot be loaded as a Keras model: {reason}"
    if saved.startswith("2"):
        return _say_old(path, saved)
    if "Could not locate" in text:
        return f"{what}; give the file that defines it by --code FILE (CODE)."
    if saved and saved != here:
        return (
            f"{what}; it was saved by Keras {saved}, and this is {here}: save it again with {here}, or install {saved}."
        )
    return f"{what}; it says that it was saved by Keras {saved}, as this is: save it again." if saved else f"{what}."


def _say_old(path: Path, saved: str) -> str:
    """Return in one sentence that a file has a form of Keras 2."""
    return (
        f"{path.name} was saved by Keras {saved}, in a form that Keras {version('keras')} does not read; load it with "
        "that version and save it by model.save('name.h5')."
    )


def _shorten(text: str) -> str:
    """Return the first sentence of a reason, without configurations, at most 200 letters, and without a full stop."""
    first = re.split(r"\n|\. |Full object config|, config=", text.strip())[0].strip().rstrip(".")
    return first if len(first) <= LONGEST else f"{first[: LONGEST - 1]}…"
