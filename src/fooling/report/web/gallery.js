// The gallery: tiles that are drawn when they come into view, choices that change which, and a dialog for one image.
import { showConfidence, toConfidence } from "./confidence.js";
import { express, pixelCoordinates } from "./cppn.js";
import { findKin, readRun } from "./genomes.js";
import { drawGraph } from "./graph.js";

const [KIN, FRAME] = [6, 12]; // relatives shown; milliseconds of drawing at a time, so that the page answers meanwhile
const [SCALES, SMALL] = [[1, 2, 4], 96]; // sides of the large image; pixels below which a tile shows them as squares
const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const runs = []; // those that were opened, by place; they are read when they are asked for
const shown = { image: 0, scale: 1 }; // in the dialog: {run, cell, image, scale}
let listed = []; // the cells in the order of their tiles
let turns = 0; // choices that were answered

function make(name, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(name), attributes);
  element.append(...children);
  return element;
}

const nameOf = (run, cell) => data.names[run.names][run.classes[cell]];
const openRun = (place) => (runs[place] ??= readRun(data.runs[place]));

// Draws one image of a run on a canvas; what the inputs see is kept, because all tiles use it.
const inputs = new Map();
function draw(canvas, run, image, scale = 1) {
  const { encoding } = run;
  const [height, width] = encoding.shape.slice(0, 2).map((side) => side * scale);
  const key = [height, width, encoding.coordinates, ...encoding.shape].join(); // three sizes of each: a few megabytes
  if (!inputs.has(key)) inputs.set(key, pixelCoordinates(encoding.shape, encoding.coordinates, [height, width]));
  Object.assign(canvas, { width, height });
  const pixels = express(run.genome(image), encoding, inputs.get(key));
  canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
}

// Canvases wait here until they come into view, and are emptied when they are far from it: images take memory.
const waiting = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) waiting.add(target);
    else if (!waiting.delete(target)) target.width = target.height = 0;
  }
  requestAnimationFrame(drawWaiting);
}, { rootMargin: "400px" });

function drawWaiting() {
  const end = performance.now() + FRAME;
  for (const canvas of waiting) {
    if (performance.now() > end) return requestAnimationFrame(drawWaiting);
    waiting.delete(canvas);
    draw(canvas, ...canvas.job);
  }
}

// Returns a canvas for an image that is drawn when it is looked at; one whose genome is not here stays empty.
function picture(run, image) {
  const canvas = make("canvas", { width: 0, height: 0, job: [run, image] });
  if (run.isKept(image)) watcher.observe(canvas);
  return canvas;
}

// Shows the tiles that the choices ask for, in their order.
async function update() {
  const chosen = [find("run").value, find("beside").value].filter((place) => place !== "");
  const turn = ++turns;
  const together = await Promise.all(chosen.map(openRun));
  if (turn < turns) return; // another choice was made while a run was opened
  const [[run], words, least] = [together, find("search").value.trim().toLowerCase(), find("least").value];
  const descent = Array.from(run.champions, run.descent);
  const orders = {
    confidence: (one, other) => run.logOdds[other] - run.logOdds[one],
    name: (one, other) => nameOf(run, one).localeCompare(nameOf(run, other)),
    kinship: (one, other) => (descent[one] < descent[other] ? -1 : 1),
  };
  listed = run.classes.map((_, cell) => cell).filter((cell) => (
    nameOf(run, cell).toLowerCase().includes(words) && toConfidence(run.logOdds[cell]) >= least));
  listed.sort(orders[find("sort").value]);
  const tiles = find("tiles");
  tiles.style.setProperty("--shape", `${run.encoding.shape[1]} / ${run.encoding.shape[0]}`);
  tiles.classList.toggle("pairs", together.length > 1);
  tiles.classList.toggle("enlarged", run.encoding.shape[1] < SMALL);
  for (const canvas of tiles.querySelectorAll("canvas")) watcher.unobserve(canvas);
  waiting.clear();
  tiles.replaceChildren(...listed.map((cell) => makeTile(together, cell)));
  tiles.querySelector("button")?.setAttribute("tabindex", "0");
  const [few, all] = [listed, run.classes].map(({ length }) => length.toLocaleString("en"));
  find("count").textContent = `${few} of ${all} images. ${run.about}`;
}

function makeTile(together, cell) {
  const images = make("div", { className: "images" });
  const told = make("span");
  const name = nameOf(together[0], cell);
  for (const run of together) {
    const same = run === together[0] ? cell : run.classes.indexOf(together[0].classes[cell]);
    if (same < 0 || run.names !== together[0].names) continue;
    const confidence = showConfidence(run.logOdds[same]);
    const about = { type: "button", tabIndex: -1, onclick: () => openDetail(run, same) };
    const button = make("button", about, picture(run, run.champions[same]));
    button.setAttribute("aria-label", `${name}, ${confidence}${run === together[0] ? "" : `, ${run.label}`}`);
    images.append(button);
    told.append(told.childNodes.length ? " · " : "", confidence);
  }
  const onclick = () => images.firstChild.click(); // whoever points may take the name, too
  return make("li", {}, images, make("b", { textContent: name, title: name, onclick }), told);
}

// Arrow keys go from tile to tile; the whole grid is one stop of the Tab key.
function move(event) {
  const buttons = [...find("tiles").querySelectorAll("button")];
  const place = buttons.indexOf(document.activeElement);
  const top = buttons[0]?.getBoundingClientRect().top;
  const row = Math.abs(buttons.findIndex((button) => button.getBoundingClientRect().top > top + 1));
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row, Home: -place, End: buttons.length };
  if (place < 0 || !(event.key in steps)) return;
  event.preventDefault();
  const next = buttons[Math.max(0, Math.min(buttons.length - 1, place + steps[event.key]))];
  buttons[place].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function openDetail(run, cell, image = run.champions[cell]) {
  Object.assign(shown, { run, cell, image });
  showDetail();
  if (!find("detail").open) find("detail").showModal();
  find("detail").scrollTop = 0;
}

// Fills the dialog with the image that is shown: a champion, or one of its ancestors.
function showDetail() {
  const { run, cell, image } = shown;
  find("title").textContent = nameOf(run, cell);
  const row = run.rows[image];
  const held = `${nameOf(run, run.held[row])} with ${showConfidence(run.heldLogOdds[row])}`;
  find("about").textContent = image === run.champions[cell]
    ? `${run.label}. Bred in generation ${run.generation(image)} of ${run.generations}.${tellNetworks(run, cell)}`
    : `An ancestor, bred in generation ${run.generation(image)}. It was once the champion of ${held}.`;
  const place = listed.indexOf(cell);
  find("previous").disabled = place <= 0;
  find("next").disabled = place < 0 || place === listed.length - 1;
  drawLarge();
  find("graph").replaceChildren(drawGraph(run.genome(image), run.encoding));
  const line = run.line(run.champions[cell]);
  const kept = line.filter(run.isKept);
  find("line-title").textContent = `From a random image to the champion: ${kept.length - 1} of ${line.length - 1} ancestors`;
  find("line").replaceChildren(...kept.map((one) => {
    const words = [`generation ${run.generation(one)}`, nameOf(run, run.held[run.rows[one]])];
    const item = stripItem(run, one, words, () => {
      shown.image = one;
      showDetail();
      find("line").querySelector("[aria-current=true]").focus();
    });
    item.firstChild.setAttribute("aria-current", String(one === image));
    return item;
  }));
  const current = find("line").querySelector("[aria-current=true]");
  find("line").scrollLeft = current.offsetLeft - find("line").clientWidth / 2;
  find("kin").replaceChildren(...findKin(run, cell, KIN).map(([other, ago]) => {
    const words = [nameOf(run, other), ago ? `parted ${ago} generations ago` : "the same image"];
    return stripItem(run, run.champions[other], words, () => openDetail(run, other));
  }));
  showConfidences(shown);
}

// Says how certain networks are of this very champion, those that it did not evolve on among them.
const tellNetworks = ({ networks, answers, classes }, cell) => networks.map((name, place) => (
  ` ${name} is ${showConfidence(answers[place * classes.length + cell])} certain of it.`)).join("");

function stripItem(run, image, [name, about], onclick) {
  const words = make("small", {}, name, make("br"), about);
  return make("li", {}, make("button", { type: "button", onclick }, picture(run, image), words));
}

function drawLarge() {
  const { run, image, scale } = shown;
  const [height, width] = run.encoding.shape.map((side) => side * scale);
  draw(find("large"), run, image, scale);
  find("detail").style.setProperty("--shape", `${width} / ${height}`);
  find("large").setAttribute("aria-label", `The image, ${width} × ${height} pixels`);
  find("drawn").textContent = scale === 1
    ? "These are the pixels that the network saw, enlarged."
    : "Drawn anew from the genome, with what lies between the pixels that the network saw.";
  const labels = [...find("scales").querySelectorAll("label")];
  SCALES.forEach((times, place) => labels[place].lastChild.replaceWith(String(times * run.encoding.shape[1])));
}

// Lists how certain the network was of the champion, and of the champions of the same class in other runs.
async function showConfidences({ run, cell }) {
  const all = await Promise.all(data.runs.map((_, place) => openRun(place)));
  if (shown.run !== run || shown.cell !== cell) return;
  const rows = all.filter(({ names }) => names === run.names).map((other) => {
    const same = other.classes.indexOf(run.classes[cell]);
    const told = same < 0 ? "no cell" : showConfidence(other.logOdds[same]);
    const about = other === run ? make("b", { textContent: other.label }) : other.label;
    return make("tr", {}, make("td", {}, about), make("td", { textContent: told }));
  });
  const caption = make("caption", { textContent: `Other images: each run bred its own “${nameOf(run, cell)}”. How certain its network is:` });
  find("confidences").replaceChildren(caption, make("tbody", {}, ...rows));
}

function step(by) {
  const next = listed[listed.indexOf(shown.cell) + by];
  if (next !== undefined) openDetail(shown.run, next);
}

for (const id of ["run", "beside"]) {
  find(id).append(...data.runs.map(({ label }, value) => make("option", { value, textContent: label })));
}
SCALES.forEach((scale) => {
  const onchange = () => drawLarge(Object.assign(shown, { scale }));
  const radio = make("input", { type: "radio", name: "scale", value: scale, checked: scale === 1, onchange });
  find("scales").append(make("label", {}, radio, make("span")));
});
find("choices").oninput = ({ target }) => (
  target.id === "size" ? find("tiles").style.setProperty("--side", `${target.value}px`) : update());
find("choices").onsubmit = (event) => event.preventDefault();
find("tiles").onkeydown = move;
find("previous").onclick = () => step(-1);
find("next").onclick = () => step(1);
find("close").onclick = () => find("detail").close();
find("detail").onkeydown = ({ key, target }) => {
  if (target.type !== "radio" && key.match(/^Arrow(Left|Right)$/)) step(key === "ArrowLeft" ? -1 : 1);
};
update();
