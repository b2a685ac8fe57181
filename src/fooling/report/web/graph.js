// A genome's graph as SVG, inputs on the left and outputs on the right; fooling.figures.graphs draws it for pages.
import { ACTIVATIONS, INPUTS } from "./cppn.js";
import { readGraph } from "./genomes.js";

const OUTPUTS = { grey: ["grey"], hls: ["hue", "lightness", "saturation"], hsv: ["hue", "saturation", "value"] };
const [ACROSS, DOWN, HEIGHT, LETTER] = [118, 40, 24, 6.6]; // between levels and nodes, of a node, of a letter; by eye
const SWEEPS = 8;

function element(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Returns where nodes stand, [across, down] by node: each level in the order of its neighbours' mean place, to and fro.
function placeNodes({ nodes, edges }) {
  const layers = [];
  for (const { node, level } of nodes) (layers[level] ??= []).push(node);
  const places = new Map();
  const spread = (layer) => layer.forEach((node, place) => places.set(node, place - (layer.length - 1) / 2));
  const meanOf = (node) => {
    const beside = edges.flatMap(({ source, target }) => [[source, target], [target, source]]);
    const found = beside.filter(([one]) => one === node).map(([, other]) => places.get(other));
    return found.reduce((sum, one) => sum + one, 0) / found.length;
  };
  layers.forEach(spread);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const hidden = layers.slice(1, -1); // inputs and outputs keep their order
    for (const layer of sweep % 2 ? hidden.reverse() : hidden) {
      const wanted = new Map(layer.map((node) => [node, meanOf(node)]));
      layer.sort((one, other) => wanted.get(one) - wanted.get(other));
      spread(layer);
    }
  }
  return new Map(nodes.map(({ node, level }) => [node, [level * ACROSS, places.get(node) * DOWN]]));
}

// Returns an SVG element: blue edges have a positive weight, orange ones a negative one; the wider, the larger.
export function drawGraph(genome, encoding) {
  const channels = encoding.shape[2];
  const graph = readGraph(genome, ACTIVATIONS, OUTPUTS[channels === 1 ? "grey" : encoding.colour]);
  const places = placeNodes(graph);
  const wide = Math.max(...graph.nodes.map(({ label }) => label.length * LETTER)) + 18;
  const ups = [...places.values()].map(([, up]) => up);
  const [right, top] = [Math.max(...[...places.values()].map(([across]) => across)), Math.min(...ups) - HEIGHT];
  const hidden = graph.nodes.filter(({ node }) => node > INPUTS + channels).length;
  const [width, height] = [right + wide, Math.max(...ups) + HEIGHT - top];
  const label = `The graph that draws it: ${hidden} hidden nodes and ${graph.edges.length} edges`;
  const box = `${-wide / 2} ${top} ${width} ${height}`;
  const drawn = element("svg", { viewBox: box, width, height, role: "img", "aria-label": label });
  for (const { source, target, weight } of graph.edges) {
    const [[x, y], [toX, toY]] = [places.get(source), places.get(target)];
    const bend = (toX - x) / 2;
    drawn.append(element("path", {
      d: `M${x} ${y}C${x + bend} ${y} ${toX - bend} ${toY} ${toX} ${toY}`,
      class: weight > 0 ? "positive" : "negative",
      "stroke-width": 0.6 + 3.4 * Math.min(1, Math.abs(weight) / 20),
    }, element("title", {}, `weight ${weight.toFixed(2)}`)));
  }
  for (const { node, label: text } of graph.nodes) {
    const [x, y] = places.get(node);
    const [long, kind] = [text.length * LETTER + 14, node <= INPUTS + channels ? "end" : "hidden"];
    const sides = { x: x - long / 2, y: y - HEIGHT / 2, width: long, height: HEIGHT, rx: HEIGHT / 2, class: kind };
    drawn.append(element("rect", sides), element("text", { x, y: y + 4, "text-anchor": "middle" }, text));
  }
  return drawn;
}
