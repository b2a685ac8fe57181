// Runs as fooling.report.gallery packs them: arrays by name, a genome as its difference from one that it descends from.
import { readBytes } from "./bytes.js";
import { INPUTS, measureHeights } from "./cppn.js";

const KINDS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array };

// Returns the arrays of a pack, {arrays: [[name, kind, length]], bytes: deflated and in base 64 for addresses}.
async function unpackArrays({ arrays, bytes }) {
  const stream = new Blob([readBytes(bytes)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  let start = 0;
  return Object.fromEntries(arrays.map(([name, kind, length]) => {
    const end = start + length * KINDS[kind].BYTES_PER_ELEMENT;
    const array = new KINDS[kind](buffer.slice(start, end));
    start = end;
    return [name, array];
  }));
}

// Undoes in place what differs between each row of an array and the row that it is based on, which stands above it.
function addBases(array, bases) {
  const width = array.length / bases.length;
  bases.forEach((base, row) => {
    if (base < 0) return;
    for (let place = 0; place < width; place++) array[row * width + place] ^= array[base * width + place];
  });
  return array;
}

// Returns four planes of bytes, the lowest first, as numbers of float32.
function joinPlanes(planes, bases) {
  const count = planes.length / 4;
  const words = new Uint32Array(count);
  for (let place = 0; place < count; place++) {
    for (let plane = 0; plane < 4; plane++) words[place] |= planes[plane * count + place] << (8 * plane);
  }
  return new Float32Array(addBases(words, bases).buffer);
}

// Returns a run with all that the page asks of it. Images are counted from the oldest ancestor of any champion.
export async function readRun(run) {
  const packed = await unpackArrays(run.packed);
  const { bases, numbers, parents, rows } = packed;
  const parts = { weights: joinPlanes(packed.weights, bases) };
  for (const name of ["activations", "sources", "targets"]) parts[name] = addBases(packed[name], bases);
  const line = (image) => (parents[image] < 0 ? [image] : [...line(parents[image]), image]);
  return {
    ...run,
    ...packed, // champions: of each cell, which image; held: by row, the cell that the image held with most confidence
    isKept: (image) => rows[image] >= 0, // whether its genome is here
    generation: (image) => Math.floor(numbers[image] / run.children),
    genome: (image) => Object.fromEntries(Object.entries(parts).map(([name, array]) => {
      const width = array.length / bases.length;
      return [name, array.subarray(rows[image] * width, (rows[image] + 1) * width)];
    })),
    line, // the images from the random one to this one
    descent: (image) => line(image).map((one) => String(one).padStart(9)).join(""), // in this order relatives are together
  };
}

// Returns the cells whose champions are nearest of kin, [cell, generations since they parted], nearest first.
export function findKin(run, cell, count) {
  const own = new Set(run.line(run.champions[cell]));
  const kin = [];
  run.champions.forEach((champion, other) => {
    const shared = run.line(champion).filter((image) => own.has(image)).pop();
    if (other === cell || shared === undefined) return;
    const younger = Math.max(run.generation(champion), run.generation(run.champions[cell]));
    kin.push([other, younger - run.generation(shared)]);
  });
  return kin.sort((one, other) => one[1] - other[1]).slice(0, count);
}

// Returns what leads to the outputs of a genome: {nodes: [{node, level, label}], edges: [{source, target, weight}]}, the
// inputs on level 0 and parallel edges as one. As read_graph of fooling.figures.graphs does.
export function readGraph(genome, names, outputs) {
  const { activations, sources, targets, weights } = genome;
  const heights = measureHeights(genome, outputs.length);
  const leading = new Set(outputs.map((_, place) => INPUTS + 1 + place));
  const edges = new Map();
  sources.forEach((source, place) => {
    const target = targets[place];
    if (!source || heights[target - 1 - INPUTS] < 0) return;
    leading.add(source);
    const weight = weights[place] + (edges.get(`${source}>${target}`)?.weight || 0);
    edges.set(`${source}>${target}`, { source, target, weight });
  });
  const last = 1 + Math.max(...heights);
  const nodes = [...leading].sort((one, other) => one - other).map((node) => {
    if (node <= INPUTS) return { node, level: 0, label: ["x", "y", "distance", "bias"][node - 1] };
    const place = node - 1 - INPUTS;
    const name = names[activations[place] - 1];
    if (outputs[place]) return { node, level: last, label: `${outputs[place]}: ${name}` };
    return { node, level: last - heights[place], label: name };
  });
  return { nodes, edges: [...edges.values()] };
}
