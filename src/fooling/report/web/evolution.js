// MAP-Elites with one cell per digit and the direct encoding, after src/fooling/evolution/map_elites.py and
// encodings/direct.py and operators.py. Draws are this file's own: other images than TensorFlow's for the same seed.

import { DIGITS, logOddsOf, PIXELS } from "./lenet.js";

export const CHILDREN = 16; // Choice: fewer than the 200 of the notebooks, so that parents are newer
const [MUTATION_RATE, MUTATION_STRENGTH] = [0.1, 15];
const NOBODY = -1; // parent of a random image

// Returns a function that draws numbers in [0, 1), uniformly, the same ones for the same seed ("mulberry32").
export function drawUniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// polynomial_step: turns a uniform number into a step in [-1, 1].
export function polynomialStep(uniform) {
  const centred = 2 * uniform - 1;
  return Math.sign(centred) * (1 - (1 - Math.abs(centred)) ** (1 / (MUTATION_STRENGTH + 1)));
}

// mutate_some: changes each gene with a probability by a polynomial step; only those that change are drawn, by the gaps
// between them.
function mutateSome(genes, rate, draw) {
  const child = genes.slice();
  const nextGap = () => 1 + Math.floor(Math.log1p(-draw()) / Math.log1p(-rate));
  for (let place = nextGap() - 1; place < child.length; place += nextGap()) {
    child[place] = Math.min(1, Math.max(0, child[place] + polynomialStep(draw())));
  }
  return child;
}

// DirectEncoding: pixels as genes, float32 in [0, 1]. The mutation rate is not halved.
export const direct = {
  initialise: (draw) => Float32Array.from({ length: PIXELS }, draw),
  mutate: (genes, draw) => mutateSome(genes, MUTATION_RATE, draw),
  express: (genes) => Uint8Array.from(genes, (gene) => Math.fround(gene * 255)),
};

// score: returns genomes with their images and log-odds for every digit.
export function score(network, encoding, genomes) {
  const images = genomes.map(encoding.express);
  const pixels = new Uint8Array(genomes.length * PIXELS);
  images.forEach((image, at) => pixels.set(image, at * PIXELS));
  const logits = network(pixels, genomes.length);
  const odds = genomes.map((_, at) => logOddsOf(logits.subarray(at * DIGITS, (at + 1) * DIGITS)));
  return genomes.map((genome, at) => ({ genome, image: images[at], logOdds: odds[at] }));
}

// initialise: returns a search whose cells hold the best of the first, random images. `history` lists, for each cell,
// its champions in order, each with the generation in which it moved in.
export function initialise(network, encoding, seed) {
  const draw = drawUniform(seed);
  const cells = Array.from({ length: DIGITS }, () => null);
  const search = { network, encoding, draw, cells, generation: 0, history: cells.map(() => []) };
  const first = score(network, encoding, Array.from({ length: CHILDREN }, () => encoding.initialise(draw)));
  search.litter = offer(search, first, first.map(() => NOBODY));
  return search;
}

// advance: breeds, scores and offers one generation; `litter` are its children. Parents are drawn uniformly over cells,
// as select_cells does; from the first generation on all are occupied.
export function advance(search) {
  search.generation += 1;
  const parents = Array.from({ length: CHILDREN }, () => Math.floor(search.draw() * DIGITS));
  const genomes = parents.map((cell) => search.encoding.mutate(search.cells[cell].genome, search.draw));
  search.litter = offer(search, score(search.network, search.encoding, genomes), parents);
}

// offer: offers every child to every cell, where it replaces the occupant only if it is strictly greater. The earlier of
// equal children wins, and one child may take many cells, which it then lists.
export function offer({ cells, history, generation }, litter, parents) {
  cells.forEach((occupant, cell) => {
    const best = litter.reduce((one, other) => (one && one.logOdds[cell] >= other.logOdds[cell] ? one : other), occupant);
    if (best === occupant) return;
    cells[cell] = best;
    history[cell].push({ generation, image: best.image, logOdds: best.logOdds }); // without the genome, which is larger
  });
  return litter.map((child, slot) => ({
    ...child, parent: parents[slot], taken: cells.flatMap((champion, cell) => (champion === child ? [cell] : [])),
  }));
}

// Returns what a cell held after a generation.
export function findChampion({ history }, cell, generation) {
  return history[cell].findLast((entry) => entry.generation <= generation);
}
