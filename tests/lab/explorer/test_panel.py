"""The panel, clicked by code instead of a browser."""

from __future__ import annotations

import datetime
import html
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fooling import runs
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve as evolving
from fooling.evolution.search import FEWEST_IMAGES, PAPER, PAPERS, name_search
from fooling.lab.explorer import panel
from fooling.lab.explorer.choices import ENCODINGS
from fooling.lab.explorer.desk import show_image
from fooling.lab.explorer.grid import ORDERS, SHOWN, draw_sprite
from fooling.lab.explorer.panel import Explorer
from fooling.lab.explorer.saving import load_picture
from fooling.lab.explorer.search import Search
from fooling.networks.classifier import Classifier

SHAPE = (15, 13, 1)
PATIENCE = 300.0  # seconds: TensorFlow makes graphs, and other tests may be at work on the same cores


def wait_for(holds: Callable[[], Any], seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def read(widget: Any) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", widget.value))


@pytest.fixture
def explorer(make_small_network, tmp_path) -> Iterator[Explorer]:
    small, wide = make_small_network(SHAPE), make_small_network((9, 9, 3))
    networks = {"small": lambda: small, "wide": lambda: wide}
    made = Explorer(networks, tmp_path / "explored")
    assert made.widget
    yield made
    made.evolve.join()


def evolve_a_little(explorer: Explorer) -> None:
    explorer.evolve.go.click()
    wait_for(lambda: explorer.evolve.search and explorer.evolve.search.generation >= 2)
    explorer.evolve.halt.click()
    wait_for(lambda: "Stopped after" in read(explorer.desk.status))


def pick(explorer: Explorer, place: int) -> dict[str, Any]:
    """Click a picture as the grid's script does."""
    label = explorer.evolve.grid.labels[place]
    clicks = explorer.evolve.grid.picked.get("clicks", 0)
    explorer.evolve.grid.picked = {"id": label["id"], "number": label["number"], "clicks": clicks + 1}
    return label


def test_start_fills_the_grid_stop_ends_it_and_go_on_goes_on(explorer):
    evolve = explorer.evolve
    assert evolve.halt.disabled and not evolve.grid.labels
    evolve_a_little(explorer)
    generation = evolve.search.generation
    assert [label["name"] for label in evolve.grid.labels] == ["0", "1", "2", "3", "4"]
    shown = np.asarray(Image.open(io.BytesIO(evolve.grid.sprite)))
    images = evolve.search.express([label["number"] for label in evolve.grid.labels])
    np.testing.assert_array_equal(shown.reshape(5, 15, 15)[:, :, 1:14], images[..., 0])
    assert evolve.grid.enlarged and f"generation {generation}" in evolve.grid.caption
    assert (evolve.go.description, evolve.go.disabled, evolve.halt.disabled) == ("Go on", False, True)
    time.sleep(0.2)
    assert evolve.search.generation == generation
    wait_for(lambda: not evolve.running)
    evolve.go.click()
    wait_for(lambda: evolve.search.generation > generation)


class Counting:
    """Stands for a search: counts generations."""

    standing, generation = None, -1

    def advance(self) -> None:
        self.generation += 1
        time.sleep(0.001)


def test_search_rests_while_a_click_is_answered(explorer, monkeypatch):
    search, begun = Counting(), threading.Event()
    monkeypatch.setattr(explorer.evolve, "make", lambda: begun.set() or search)
    explorer.desk.answering.set()
    explorer.evolve.start()
    assert begun.wait(20)
    time.sleep(0.2)
    assert search.generation == -1
    explorer.desk.answering.clear()
    wait_for(lambda: search.generation > 2)
    explorer.desk.answering.set()
    explorer.evolve.join()  # also while it rests
    assert not explorer.evolve.running and "Stopped before the first images" in read(explorer.desk.status)


def test_start_while_another_network_loads_starts_once_it_is_loaded(explorer, monkeypatch):
    loading, loaded, evolve, search = threading.Event(), threading.Event(), explorer.evolve, Counting()
    fields = {"image_shape": SHAPE, "class_names": tuple("abcde"), "score": lambda images: images}

    def load() -> SimpleNamespace:
        loading.set()
        assert loaded.wait(PATIENCE)
        return SimpleNamespace(name="slow", fingerprint=lambda: "slow", **fields)

    explorer.desk.networks["slow"] = load
    evolve.network.options = list(explorer.desk.networks)
    evolve.classes.value = "3, 1"  # so that another network chooses other classes, once it is loaded
    monkeypatch.setattr(evolve, "make", lambda: evolve.choose() and search)
    clicks = [threading.Thread(target=lambda: setattr(evolve.network, "value", "slow"))]
    other = next(label for label in ENCODINGS if label != evolve.encoding.value)
    clicks.append(threading.Thread(target=lambda: setattr(evolve.encoding, "value", other)))
    clicks.append(threading.Thread(target=evolve.go.click))  # JupyterLab does not wait for the answers before
    clicks[0].start()
    assert loading.wait(PATIENCE)
    for click in clicks[1:]:
        click.start()
        time.sleep(0.5)
    loaded.set()
    for click in clicks:
        click.join()
    assert evolve.running
    wait_for(lambda: search.generation > 0)


def test_stop_begins_no_generation_and_draws_one_last_picture(explorer, monkeypatch):
    search, shown, begun = Counting(), [], []

    def advance() -> None:
        begun.append(len(begun))
        explorer.evolve.stop()  # while a generation is under way

    monkeypatch.setattr(search, "advance", advance)
    monkeypatch.setattr(explorer.evolve, "make", lambda: search)
    monkeypatch.setattr(explorer.evolve, "show", shown.append)
    explorer.evolve.start()
    wait_for(lambda: not explorer.evolve.running)
    assert shown == [search] and begun == [0], "no generation begins once it is asked to stop"


def test_first_sentence_names_the_button_that_evolves(explorer, make_search, tmp_path):
    assert read(explorer.desk.status).startswith("Ready. Start evolves")
    begun = Explorer({}, tmp_path, make_search("direct", 1))
    assert begun.widget and read(begun.desk.status).startswith("Ready. Go on evolves")


def test_champions_of_a_finished_run_are_shown_bred_from_and_gone_on_with(make_small_network, tmp_path):
    small, encoding = make_small_network(SHAPE), DirectEncoding(SHAPE)
    run = evolving(small, encoding, generations=3, children=7, seeds=[5], folder=tmp_path)
    explorer = Explorer({"small": lambda: small}, tmp_path / "explored", None, finished=[tmp_path, tmp_path / "none"])
    assert explorer.widget and explorer.evolve.begin.layout.display == "none", "nothing to choose from yet"
    evolve = explorer.evolve
    evolve.encoding.value = next(label for label in ENCODINGS if ENCODINGS[label](SHAPE) == encoding)
    _, label = evolve.begin.options
    assert label.startswith("28 images of seed 5, median ")
    evolve.begin.value = label
    assert "after generation 3" in evolve.grid.caption and evolve.go.description == "Go on"
    assert evolve.classes.layout.display == "none"
    first = pick(explorer, 2)
    np.testing.assert_array_equal(evolve.search.express([first["number"]])[0], run.images[0, 2])
    explorer.look._breed()
    np.testing.assert_array_equal(explorer.breed.breeding.litters[0].images[0], run.images[0, 2])
    evolve.go.click()
    wait_for(lambda: evolve.search.generation > 4)
    evolve.begin_again()
    assert evolve.begin.value == "random images" and evolve.classes.layout.display is None
    wait_for(lambda: evolve.search and evolve.search.seed == 1 and evolve.search.generation >= 0)
    evolve.join()


def test_the_search_with_the_fewest_images_is_chosen_first_and_the_papers_can_be(explorer):
    evolve, pixels = explorer.evolve, DirectEncoding(SHAPE)
    evolve.encoding.value = next(label for label in ENCODINGS if ENCODINGS[label](SHAPE) == pixels)
    fewest = evolve.make()
    assert (fewest.settings, fewest.children) == name_search(FEWEST_IMAGES, pixels.name) and fewest.settings != PAPER
    evolve.how.value = PAPERS
    assert evolve.search is None, "another search begins anew"
    assert evolve.make().settings == PAPER and evolve.search.children == 100


@pytest.mark.slow
def test_another_network_stops_the_search_and_forgets_it(explorer):
    explorer.evolve.go.click()
    wait_for(lambda: explorer.evolve.grid.labels)
    pick(explorer, 0)
    explorer.evolve.network.value = "wide"
    assert not explorer.evolve.running
    assert explorer.evolve.search is None and not explorer.evolve.grid.labels
    assert explorer.look.widget.layout.display == "none"
    assert explorer.evolve.go.description == "Start"
    evolve_a_little(explorer)
    assert explorer.evolve.search.encoding == CppnEncoding((9, 9, 3))


@pytest.mark.slow
def test_classes_that_are_typed_get_a_cell_and_a_wrong_one_is_told(explorer):
    explorer.evolve.classes.value = "7"
    explorer.evolve.go.click()
    wait_for(lambda: "no class 7; they are numbered from 0 to 4" in read(explorer.desk.status))
    wait_for(lambda: not explorer.evolve.running)
    assert explorer.evolve.search is None and not explorer.evolve.go.disabled
    explorer.evolve.classes.value = "3, 1"
    evolve_a_little(explorer)
    assert [label["name"] for label in explorer.evolve.grid.labels] == ["3", "1"]


@pytest.mark.slow
def test_picked_champion_is_seen_in_four_ways_and_saved_and_loaded(explorer):
    evolve_a_little(explorer)
    label = pick(explorer, 2)
    look = explorer.look
    assert look.widget.layout.display == "flex" and 'alt="champion for 2' in look.picture.value
    look.view.value = "Graph"
    assert re.search(r'<img src="data:image/png;base64,[^"]+" alt="[^"]*hidden node', look.picture.value)
    for view, told in (("Ancestors", "The line of"), ("Neighbours", "Neighbours:")):
        look.view.value = view
        assert told in look.relatives.caption and look.relatives.labels and not look.picture.value
    look.save()
    (saved,) = explorer.desk.folder.glob("*.png")
    assert saved.name in read(explorer.desk.status)
    explorer.tabs.selected_index = 2
    explorer.own.saved.value = saved.name
    assert "holds its genome and can be bred" in read(explorer.desk.status)
    image = explorer.evolve.search.express([label["number"]])[0]
    np.testing.assert_array_equal(explorer.own.loaded.image, image)
    explorer.own.breed.click()
    assert explorer.tabs.selected_index == 1 and explorer.breed.breeding.generation == 1


def test_pixel_images_have_no_graph_and_that_is_a_sentence(explorer):
    explorer.evolve.encoding.value = next(
        label for label in ENCODINGS if ENCODINGS[label](SHAPE) == DirectEncoding(SHAPE)
    )
    evolve_a_little(explorer)
    pick(explorer, 0)
    explorer.look.view.value = "Graph"
    assert "have no graph" in read(explorer.desk.status)
    pick(explorer, 1)
    assert explorer.look.picture.value == "", "no other champion's picture stands under this one's title"
    explorer.look.view.value = "Confidence"
    assert "<img" in explorer.look.picture.value


@pytest.mark.parametrize(("view", "place"), [("Ancestors", 0), ("Neighbours", 3)])
def test_relative_that_is_clicked_is_looked_at_saved_and_bred_from(explorer, view, place):
    explorer.evolve.encoding.value = "pixels (direct)"
    evolve_a_little(explorer)
    pick(explorer, 2)
    look, search = explorer.look, explorer.evolve.search
    look.view.value = view
    look.relatives.picked = {"id": place, "number": place, "clicks": 1}
    assert html.escape(look.relatives.labels[place]["name"]) in look.picture.value
    look.save()
    (saved,) = explorer.desk.folder.glob(f"*-{view.lower()}-{place}.png")
    image = look._family.images[place]
    champion = search.express([int(explorer.evolve.grid.labels[2]["number"])])[0]
    np.testing.assert_array_equal(load_picture(saved).image, image)
    assert len(look.relatives.labels) == 1 or (image != champion).any()
    look._breed()
    np.testing.assert_array_equal(explorer.breed.breeding.litters[0].images[0], image)


def test_third_parent_is_refused_in_a_sentence(explorer):
    explorer.breed.begin_randomly()
    explorer.breed.grid.chosen = [3, 5]
    explorer.breed.grid.refused += 1  # as the grid's script does
    assert "two parents at most" in read(explorer.desk.status) and explorer.breed.grid.chosen == [3, 5]


def test_litters_stay_in_the_history_until_another_is_bred_before_them(explorer):
    breed = explorer.breed
    breed.begin_randomly()
    assert not breed.history.labels
    for place in (3, 5):
        breed.grid.chosen = [place]
        breed.on.click()
    sprite = breed.grid.sprite
    assert [label["name"] for label in breed.history.labels] == ["First images", "Litter 1", "Litter 2"]
    breed.history.picked = {"id": 1, "number": 1, "clicks": 1}
    assert "Litter 1" in read(breed.told) and breed.history.chosen == [1] and len(breed.history.labels) == 3
    breed.history.picked = {"id": 2, "number": 2, "clicks": 2}
    assert breed.grid.sprite == sprite
    breed.history.picked = {"id": 0, "number": 0, "clicks": 3}
    breed.grid.chosen = [0]
    breed.on.click()
    assert [label["name"] for label in breed.history.labels] == ["First images", "Litter 1"]


def test_class_to_breed_for_sorts_the_litter_by_it(explorer):
    breed = explorer.breed
    breed.begin_randomly()
    breed.wanted.value = "3"
    litter, labels = breed.breeding.present, breed.grid.labels
    shown = [label["confidence"] for label in labels]
    assert shown == sorted(shown, reverse=True) and all(label["name"].startswith("3") for label in labels)
    np.testing.assert_allclose(shown, [litter.rate(3)[label["id"]] for label in labels])
    breed.grid.chosen = [labels[0]["id"]]
    breed.on.click()
    assert breed.breeding.present.parents == (int(litter.log_odds[:, 3].argmax()),)
    breed.wanted.value = "whale"
    assert "no class 'whale'" in read(explorer.desk.status)
    breed.wanted.value = ""
    assert [label["id"] for label in breed.grid.labels] == list(range(12))


def test_breeding_adds_litters_and_goes_back(explorer):
    breed = explorer.breed
    assert breed.on.disabled
    breed.begin_randomly()
    assert len(breed.grid.labels) == 12 and not breed.on.disabled and breed.back.disabled
    breed.on.click()
    assert "Choose one or two pictures as parents; 0 are chosen" in read(explorer.desk.status)
    breed.grid.chosen = [3, 5]
    sprite = breed.grid.sprite
    breed.on.click()
    assert "Litter 1" in read(breed.told) and breed.grid.sprite != sprite and breed.grid.chosen == []
    assert breed.parents.value.count("<img") == 2
    assert "each parent has every second child" in read(explorer.desk.status)
    breed.back.click()
    assert breed.grid.sprite == sprite and "First images" in read(breed.told)


@pytest.mark.slow
def test_genome_of_another_size_is_refused_in_a_sentence(explorer):
    evolve_a_little(explorer)
    pick(explorer, 0)
    explorer.look.save()
    explorer.own.list_saved()
    explorer.evolve.network.value = "wide"
    explorer.own.saved.value = explorer.own.saved.options[1]
    explorer.own.breed.click()
    assert "draws 15 × 13 × 1 pixels, but small takes 9 × 9 × 3" in read(explorer.desk.status)


@pytest.mark.slow
def test_own_picture_and_own_network(explorer, make_small_network, tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, "jpeg")
    explorer.own.picture_file.value = ({"name": "white.jpg", "content": memoryview(file.getvalue()), **UPLOAD},)
    assert "small on white.jpg. It holds no genome" in read(explorer.desk.status)
    assert 'alt="white.jpg. The network says' in explorer.own.answer.value and explorer.own.breed.disabled
    explorer.own.picture_file.value = ({"name": "bad.png", "content": memoryview(b"bad"), **UPLOAD},)
    assert "bad.png cannot be loaded as a picture" in read(explorer.desk.status)

    explorer.own.path.value = str(tmp_path / "none.keras")
    use = explorer.desk.guard(explorer.own.use_network)
    use()
    assert "There is no file 'none.keras'" in read(explorer.desk.status)
    make_small_network((9, 9, 3)).model.save(tmp_path / "mine.keras")
    explorer.own.path.value, explorer.own.names.value = str(tmp_path / "mine.keras"), "a, b, c, d, e"
    use()
    assert explorer.evolve.network.value == "mine" and "mine takes 9 × 9 × 3" in read(explorer.desk.status)
    evolve_a_little(explorer)
    assert [label["name"] for label in explorer.evolve.grid.labels] == ["a", "b", "c", "d", "e"]


UPLOAD = {"type": "", "size": 0, "last_modified": datetime.datetime(2015, 6, 7, tzinfo=datetime.UTC)}


@pytest.mark.slow
def test_panel_goes_on_from_the_pages_search_and_leaves_it_alone(make_search, tmp_path):
    search = make_search("cppn", 3)
    explorer = Explorer({}, tmp_path, search)
    assert explorer.widget and explorer.evolve.go.description == "Go on" and len(explorer.evolve.grid.labels) == 5
    assert explorer.evolve.network.value == search.classifier.name
    explorer.evolve.go.click()
    wait_for(lambda: explorer.evolve.search.generation > 4)
    explorer.evolve.join()
    assert search.generation == 3


def test_panel_opens_on_the_first_images_of_a_search_that_has_not_begun(make_search, tmp_path):
    search = make_search("direct")
    explorer = Explorer({}, tmp_path, search)
    assert explorer.widget and explorer.evolve.encoding.value == "pixels (direct)"
    assert "generation 0" in read(explorer.evolve.progress) and len(explorer.evolve.grid.labels) == 5
    assert explorer.evolve.go.description == "Start" and search.standing is None


def test_sections_have_one_height(explorer):
    assert {section.layout.height for section in explorer.tabs.children} == {panel.HEIGHT}


def test_page_names_no_button_that_there_is_not(explorer):
    """In italics on page 14: what one clicks."""
    page = json.loads((runs.ROOT / "notebooks" / "14_explorer.ipynb").read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in page["cells"] if cell["cell_type"] == "markdown"]
    named = set(re.findall(r"(?<![*\w])\*([A-Z][^*]+)\*(?!\*)", "\n".join(texts)))
    there = {*panel.TABS, "Go on", "Saved", *explorer.look.view.options}
    waiting = [explorer.widget]
    while waiting:
        widget = waiting.pop()
        there.add(getattr(widget, "description", ""))
        waiting += getattr(widget, "children", ())
    assert {"Start", "Stop"} <= named <= there


def test_where_nobody_can_click_there_is_a_sentence_and_no_widget(tmp_path):
    explorer = Explorer({}, tmp_path)
    assert explorer._repr_mimebundle_() == {"text/plain": panel.WORDS}
    assert "widget" not in vars(explorer)


def test_error_in_the_network_ends_the_search_with_a_sentence(explorer, monkeypatch):
    def fail() -> Search:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(explorer.evolve, "make", fail)
    explorer.evolve.start()
    wait_for(lambda: not explorer.evolve.running)
    assert read(explorer.desk.status) == "The search ended by an error: RuntimeError: out of memory"
    assert explorer.evolve.halt.disabled and not explorer.evolve.go.disabled


def test_large_grid_shows_the_most_certain_or_the_newest():
    log_odds = np.arange(1000.0, dtype=np.float32) % 101
    champions = np.arange(1000)[::-1]
    most = ORDERS["most certain first"](champions, log_odds)[:SHOWN]
    assert len(most) == SHOWN and log_odds[most].min() >= 98
    assert ORDERS["changed last, first"](champions, log_odds)[:SHOWN].tolist() == list(range(SHOWN))
    assert ORDERS["in the order of the classes"](champions[:3], log_odds[:3]).tolist() == [0, 1, 2]


def test_large_images_are_reduced_and_small_ones_left_as_they_are():
    large = np.zeros((3, 224, 224, 3), np.uint8)
    large[1] = 200
    sheet = np.asarray(Image.open(io.BytesIO(draw_sprite(large))))
    assert sheet.shape == (336, 112, 3) and (sheet[112:224] == 200).all() and (sheet[224:] == 0).all()
    assert draw_sprite(large[:0]) == b""
    assert 'alt="&lt;a&gt; &amp; &quot;b&quot;"' in show_image(large[0], '<a> & "b"', 72)


def test_two_networks_of_one_name_can_both_be_chosen(explorer, make_small_network):
    model = make_small_network(SHAPE).model
    assert explorer.desk.add_network(Classifier(model, name="small")) == "small (own)"
    assert explorer.desk.load("small") is not explorer.desk.load("small (own)")
