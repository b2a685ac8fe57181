// How CPPN graphs vary, after src/fooling/encodings/cppn_mutation.py, function by function, for one genome at a time:
// {activations, sources, targets, weights}, arrays in which a 0 marks a free place. A child is changed in place.

import { ACTIVATIONS, express, INPUTS, pixelCoordinates } from "./cppn.js";
import { polynomialStep } from "./evolution.js";
import { SIDE } from "./lenet.js";

const WEIGHT_RANGE = 10;
const [WEIGHT_RATE, ACTIVATION_RATE] = [0.1, 0.1]; // each weight, each node that is no input
const [ADD_EDGE_RATE, DELETE_EDGE_RATE, SPLIT_EDGE_RATE, DELETE_NODE_RATE] = [0.5, 0.3, 0.5, 0.2]; // each child
const [CHANNELS, FREE] = [1, 0];
const ENCODING = { shape: [SIDE, SIDE, CHANNELS], coordinates: "centred", colour: "hls" };
const COORDINATES = pixelCoordinates(ENCODING.shape, ENCODING.coordinates);

// CppnEncoding: initialise connects every input to the output, with nothing hidden.
export const cppn = {
  initialise: (draw) => ({
    activations: [drawActivation(draw())],
    sources: [1, 2, 3, 4],
    targets: [1, 2, 3, 4].fill(INPUTS + 1),
    weights: Array.from({ length: INPUTS }, () => drawWeight(draw())),
  }),
  mutate: mutateGraph,
  express: (genome) => express(genome, ENCODING, COORDINATES).filter((_, at) => at % 4 === 0), // red, of four numbers
};

// mutate_graphs: returns a mutated child.
function mutateGraph(parent, draw) {
  const child = Object.fromEntries(Object.entries(parent).map(([name, places]) => [name, places.slice()]));
  mutateWeights(child, draw);
  mutateActivations(child, draw);
  if (draw() < ADD_EDGE_RATE) addEdge(child, draw);
  if (draw() < DELETE_EDGE_RATE) deleteEdge(child, draw);
  if (draw() < SPLIT_EDGE_RATE) splitEdge(child, draw);
  if (draw() < DELETE_NODE_RATE) deleteNode(child, draw);
  return child;
}

function mutateWeights({ sources, weights }, draw) {
  weights.forEach((weight, edge) => {
    if (sources[edge] === FREE || draw() >= WEIGHT_RATE) return;
    const moved = weight + 2 * WEIGHT_RANGE * polynomialStep(draw());
    weights[edge] = Math.min(WEIGHT_RANGE, Math.max(-WEIGHT_RANGE, moved));
  });
}

function mutateActivations({ activations }, draw) {
  activations.forEach((activation, node) => {
    if (activation !== FREE && draw() < ACTIVATION_RATE) activations[node] = drawActivation(draw());
  });
}

// Connects a random node that is no output to a random one that is neither an input nor one of its ancestors.
function addEdge(child, draw) {
  const hidden = listOccupied(child.activations, CHANNELS).map((place) => 1 + INPUTS + place);
  const source = pickPlace([1, 2, 3, 4, ...hidden], draw);
  const above = findAncestors(child, source);
  const allowed = [1 + INPUTS, ...hidden].filter((node) => !above.has(node));
  putEdge(child, source, pickPlace(allowed, draw), drawWeight(draw()));
}

// measure_heights, as far as it is asked here: returns a node and all nodes that lead to it.
function findAncestors({ sources, targets }, node) {
  const found = new Set([node]);
  for (const one of found) targets.forEach((target, edge) => target === one && found.add(sources[edge]));
  return found;
}

function deleteEdge(child, draw) {
  const alive = listOccupied(child.sources);
  if (alive.length) clearEdge(child, pickPlace(alive, draw));
}

// Puts a new node on a random edge; both halves take the old weight.
function splitEdge(child, draw) {
  const alive = listOccupied(child.sources);
  if (!alive.length) return;
  const edge = pickPlace(alive, draw);
  const place = firstFree(child.activations);
  child.activations[place] = drawActivation(draw());
  putEdge(child, 1 + INPUTS + place, child.targets[edge], child.weights[edge]);
  child.targets[edge] = 1 + INPUTS + place;
}

// Deletes a random hidden node with its edges.
function deleteNode(child, draw) {
  const hidden = listOccupied(child.activations, CHANNELS);
  if (!hidden.length) return;
  const place = pickPlace(hidden, draw);
  const node = 1 + INPUTS + place;
  child.activations[place] = FREE;
  child.sources.forEach((source, edge) => [source, child.targets[edge]].includes(node) && clearEdge(child, edge));
}

function putEdge(child, source, target, weight) {
  const place = firstFree(child.sources);
  [child.sources[place], child.targets[place], child.weights[place]] = [source, target, weight];
}

const clearEdge = (child, edge) => (child.sources[edge] = child.targets[edge] = child.weights[edge] = FREE);
// Returns the first free place, which may be one behind the last.
const firstFree = (places) => [...places, FREE].indexOf(FREE);
const listOccupied = (places, first = 0) => [...places.keys()].filter((at) => at >= first && places[at] !== FREE);
const pickPlace = (allowed, draw) => allowed[Math.floor(draw() * allowed.length)];
const drawActivation = (uniform) => 1 + Math.floor(uniform * ACTIVATIONS.length);
const drawWeight = (uniform) => (2 * uniform - 1) * WEIGHT_RANGE;
