// The page on which images are bred: by evolution, by hand, by the network; and drawn with a finger.

import { readBytes } from "./bytes.js";
import { showConfidence, toConfidence } from "./confidence.js";
import { cppn } from "./cppn_mutation.js";
import { advance, CHILDREN, direct, drawUniform, findChampion, initialise, score } from "./evolution.js";
import { buildLenet, logOddsOf, PIXELS, SIDE } from "./lenet.js";

const NEAR_CERTAIN = 0.9999; // the paper's mark
const [SLICE, SLOW, PACE] = [28, 1200, 180]; // milliseconds: of evolution at a time, a slow generation, a litter
const [LITTER, WIDTH, EDGE] = [12, 100, 14]; // images of a litter; the curve: its width, log-odds at its upper and lower edge
const [PEN, BOX] = [22, 20]; // pixels: the width of the pad's line; the longer side of MNIST's digits

const find = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
const on = (id, type, act) => find(id).addEventListener(type, act);
const network = buildLenet(new Float32Array(readBytes(JSON.parse(find("weights").textContent)).buffer));
const watch = { digit: 7, running: false };
const hand = { litters: [], chosen: [], running: false, begun: 0 };
const openPen = (id) => find(id).getContext("2d", { willReadFrequently: true });
const pad = { at: [140, 140], down: false, pen: openPen("pad"), seen: openPen("seen") };

function paint(canvas, image) {
  if (canvas.shown === image) return;
  canvas.shown = image;
  const pixels = new ImageData(SIDE, SIDE);
  image.forEach((level, at) => pixels.data.fill(level, 4 * at, 4 * at + 3).fill(255, 4 * at + 3, 4 * at + 4));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function showTile(tile, { image, logOdds }, digit, pressed) {
  paint(tile.querySelector("canvas"), image);
  tile.querySelector("b").textContent = digit;
  tile.querySelector("span").textContent = showConfidence(logOdds[digit]);
  tile.style.setProperty("--share", toConfidence(logOdds[digit]));
  tile.setAttribute("aria-pressed", pressed);
}

function begin() {
  const encoding = find("encoding").value === "patterns" ? cppn : direct;
  watch.search = initialise(network, encoding, Number(find("seed").value));
  setRunning(false, "Each digit has the best of a few random images. Start the evolution.");
  showEnd();
}

function run() {
  const until = performance.now() + SLICE;
  const slow = find("slow").checked;
  do advance(watch.search); while (!slow && performance.now() < until);
  showEnd();
  const certain = watch.search.cells.every(({ logOdds }, digit) => toConfidence(logOdds[digit]) >= NEAR_CERTAIN);
  if (certain && !watch.search.done) {
    watch.search.done = true;
    setRunning(false, "LeNet is at least 99.99% certain of all ten.");
  } else watch.timer = setTimeout(run, slow ? SLOW : 0);
}

function setRunning(running, words) {
  watch.running = running;
  clearTimeout(watch.timer);
  find("start").textContent = running ? "Stop" : watch.search.generation ? "Go on" : "Start";
  find("told").textContent = words;
  if (running) run();
}

function showEnd() {
  for (const end of ["max", "value"]) find("time")[end] = watch.search.generation;
  drawWatch();
}

function drawWatch(digit = watch.digit) {
  watch.digit = digit;
  const { search } = watch;
  const generation = Number(find("time").value);
  const shown = search.cells.map((_, cell) => findChampion(search, cell, generation));
  all("#cells button").forEach((tile, cell) => showTile(tile, shown[cell], cell, cell === digit));
  paint(find("large"), shown[digit].image);
  find("large").setAttribute("aria-label", `The champion of ${digit}, enlarged`);
  find("share").textContent = showConfidence(shown[digit].logOdds[digit]);
  find("digit").textContent = digit;
  const [count, images] = [generation, CHILDREN * (generation + 1)].map((number) => number.toLocaleString("en"));
  find("when").textContent = `generation ${count}, ${images} images`;
  drawCurve(search.history[digit], digit, generation);
  if (find("slow").checked) drawLitter(search.litter);
}

// Draws how certain the network was of a cell's champions, generation by generation; the page has the lines of marks.
function drawCurve(entries, digit, generation) {
  const across = (when) => WIDTH * when / Math.max(1, watch.search.generation);
  const down = (logOdds) => -Math.max(-EDGE, Math.min(EDGE, logOdds));
  const steps = entries.map(({ generation: first, logOdds }) => `H ${across(first)} V ${down(logOdds[digit])}`);
  find("course").setAttribute("d", `M 0 ${down(entries[0].logOdds[digit])} ${steps.join(" ")} H ${WIDTH}`);
  find("now").setAttribute("d", `M ${across(generation)} ${-EDGE} V ${EDGE}`);
}

// Shows the children of a generation, and which of them took a cell.
function drawLitter(litter) {
  all("#litter canvas").forEach((canvas, slot) => {
    paint(canvas, litter[slot].image);
    canvas.classList.toggle("took", litter[slot].taken.length > 0);
  });
  const told = litter.filter(({ taken }) => taken.length).map(({ parent, taken }) => (
    `${parent < 0 ? "a random image" : `a child of ${parent}`} for ${taken.join(" and ")}`));
  find("took").textContent = told.length ? `New champions: ${told.join(", ")}.` : "No child is better than a champion.";
}

// Bears a litter: its parents, from the litter before, and their mutated children; without parents, random images.
function bear(parents) {
  const breedOne = (_, slot) => cppn.mutate(parents[slot % parents.length], hand.draw);
  const drawOne = () => cppn.initialise(hand.draw);
  const children = Array.from({ length: LITTER - parents.length }, parents.length ? breedOne : drawOne);
  hand.litters.push({ parents: parents.length, images: score(network, cppn, [...parents, ...children]) });
  hand.chosen = [];
  drawHand();
}

function bearFirst() {
  hand.draw = drawUniform(Number(find("seed").value) + 1000 * hand.begun++);
  hand.litters = [];
  clearTimeout(hand.timer);
  hand.running = false;
  bear([]);
}

// Lets the network choose: the image with the highest confidence in the digit becomes the parent.
function runHand() {
  const digit = Number(find("target").value);
  const { images } = hand.litters.at(-1);
  const odds = images.map(({ logOdds }) => logOdds[digit]);
  const best = odds.indexOf(Math.max(...odds));
  if (toConfidence(odds[best]) < NEAR_CERTAIN) {
    bear([images[best].genome]);
    hand.timer = setTimeout(runHand, PACE);
  } else setHand(false, `LeNet is ${showConfidence(odds[best])} certain that the framed image is a ${digit}.`, [best]);
}

function setHand(running, words, chosen = []) {
  clearTimeout(hand.timer);
  [hand.running, hand.chosen] = [running, chosen];
  drawHand(words);
  if (running) runHand();
}

function drawHand(words = "") {
  const { parents, images } = hand.litters.at(-1);
  all("#hand button").forEach((tile, place) => {
    const { logOdds } = images[place];
    const top = logOdds.indexOf(Math.max(...logOdds));
    showTile(tile, images[place], hand.running ? Number(find("target").value) : top, hand.chosen.includes(place));
    tile.classList.toggle("parent", place < parents);
  });
  find("network").textContent = hand.running ? "Stop" : "Let LeNet choose";
  find("breed").disabled = hand.running || !hand.chosen.length;
  find("back").disabled = hand.running || hand.litters.length < 2;
  find("litters").textContent = `Litter ${hand.litters.length}`;
  if (words || !hand.running) find("bred").textContent = words || "Pick one or two parents.";
}

function chooseParent(place) {
  if (hand.running) return;
  const rest = hand.chosen.filter((one) => one !== place);
  if (rest.length > 1) return drawHand("A child has two parents at most. Click one to let it go.");
  hand.chosen = rest.length < hand.chosen.length ? rest : [...rest, place];
  drawHand();
}

// Draws a line from the pen's last place, and asks the network before the next picture on the screen.
function ink(x, y) {
  [pad.pen.lineWidth, pad.pen.lineCap, pad.pen.strokeStyle] = [PEN, "round", "#fff"];
  pad.pen.stroke(new Path2D(`M ${pad.at} L ${x} ${y}`));
  pad.at = [x, y];
  cancelAnimationFrame(pad.asked);
  pad.asked = requestAnimationFrame(look);
}

// Scales the drawing and puts its centre of mass into the middle, as MNIST's digits are, and asks the network.
function look() {
  const side = find("pad").width;
  const { data } = pad.pen.getImageData(0, 0, side, side);
  let [mass, x, y, left, top, right, bottom] = [0, 0, 0, side, side, 0, 0];
  for (let at = 0; at < side * side; at++) {
    if (!data[4 * at + 3]) continue;
    const [column, row] = [at % side, Math.floor(at / side)];
    [mass, x, y] = [mass + 1, x + column, y + row];
    [left, right, top, bottom] = [Math.min(left, column), Math.max(right, column), Math.min(top, row), row];
  }
  const [seen, width, height] = [pad.seen, right - left + 1, bottom - top + 1];
  const scale = BOX / Math.max(width, height);
  const [toLeft, toTop] = [SIDE / 2 - (x / mass - left) * scale, SIDE / 2 - (y / mass - top) * scale];
  [seen.fillStyle, seen.imageSmoothingQuality] = ["#000", "high"];
  seen.fillRect(0, 0, SIDE, SIDE);
  if (mass) seen.drawImage(find("pad"), left, top, width, height, toLeft, toTop, width * scale, height * scale);
  const levels = seen.getImageData(0, 0, SIDE, SIDE).data;
  showBars(logOddsOf(network(Uint8Array.from({ length: PIXELS }, (_, at) => levels[4 * at]), 1)), mass > 0);
}

function showBars(logOdds, drawn) {
  const best = logOdds.indexOf(Math.max(...logOdds));
  all("#bars li").forEach((bar, digit) => {
    bar.lastElementChild.textContent = drawn ? showConfidence(logOdds[digit]) : "";
    bar.style.setProperty("--share", drawn && toConfidence(logOdds[digit]));
    bar.classList.toggle("best", drawn && digit === best);
  });
  find("taken").textContent = drawn ? `LeNet takes it for a ${best}: ${showConfidence(logOdds[best])}` : "Draw a digit.";
}

function clearPad() {
  pad.pen.reset();
  look();
}

function locate(event) {
  const { left, top, width } = find("pad").getBoundingClientRect();
  return [event.clientX - left, event.clientY - top].map((one) => one * find("pad").width / width);
}

// Without a finger or a mouse: arrow keys move the pen, and the space bar puts it down or lifts it.
function steer(event) {
  const step = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10], " ": [0, 0] }[event.key];
  if (!step) return;
  event.preventDefault();
  if (event.key === " ") pad.down = !pad.down;
  const to = pad.at.map((one, axis) => Math.max(0, Math.min(find("pad").width, one + step[axis])));
  if (pad.down) ink(...to);
  pad.at = to;
  find("pen").textContent = `The pen is ${pad.down ? "down" : "up"}, ${to[0]} across and ${to[1]} down.`;
}

const stop = () => watch.running && setRunning(false, `Stopped after generation ${watch.search.generation}.`);
on("start", "click", () => (watch.running ? stop() : setRunning(true, "Evolving.")));
on("slow", "change", () => (watch.running ? setRunning(true, "Evolving.") : drawWatch()));
on("time", "input", () => {
  stop();
  drawWatch();
});
on("ways", "change", stop);
on("anew", "click", begin);
on("encoding", "change", begin);
on("seed", "change", begin);
all("#cells button").forEach((tile, digit) => tile.addEventListener("click", () => drawWatch(digit)));
all("#hand button").forEach((tile, place) => tile.addEventListener("click", () => chooseParent(place)));
on("breed", "click", () => bear(hand.chosen.map((place) => hand.litters.at(-1).images[place].genome)));
on("back", "click", () => hand.litters.pop() && setHand(false));
on("fresh", "click", bearFirst);
on("network", "click", () => setHand(!hand.running, hand.running ? "Stopped." : "LeNet chooses the parents."));
on("pad", "pointerdown", (event) => {
  find("pad").setPointerCapture(event.pointerId);
  pad.at = locate(event);
  ink(...pad.at);
});
on("pad", "pointermove", (event) => event.buttons && ink(...locate(event)));
on("pad", "keydown", steer);
on("clear", "click", clearPad);

begin();
bearFirst();
clearPad();
