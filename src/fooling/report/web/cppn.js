// What CPPN genomes draw: src/fooling/encodings/cppn.py, cppn_evaluation.py, cppn_graph.py and operators.py, function
// by function and by the same names. A genome is {activations, sources, targets, weights}: arrays of its places, as the
// arrays of CppnGenomes hold them. All arithmetic is float32: a Float32Array rounds what is stored in it.

export const INPUTS = 4; // x, y, distance to the centre, bias
export const ACTIVATIONS = ["sine", "sigmoid", "gaussian", "linear"];
const HUES = 180; // 8-bit hues, one every two degrees
const SIXTH = Math.fround(6 / HUES);
const GREY_LEVEL = Math.fround(1 / 255);
const SATURATED = 7.9073896; // TensorFlow's tanh of float32 is 1 from here on
const BLOCK = 2048; // pixels evaluated at a time; Choice: what a processor's first cache holds of a dozen nodes
const { abs, exp, fround, max, min, sin, sqrt } = Math;

// Each activation as a factor for the weights of the edges, and a function that changes their scaled sums in place.
// Each has a loop of its own: browsers run it faster than one that is handed a function.
export const FUNCTIONS = {
  sine: [1, (totals) => {
    for (let pixel = 0; pixel < totals.length; pixel++) totals[pixel] = sin(totals[pixel]);
  }],
  sigmoid: [0.5, (halves) => { // 2 · sigmoid(total) − 1 is tanh(total / 2)
    for (let pixel = 0; pixel < halves.length; pixel++) {
      const half = halves[pixel];
      halves[pixel] = abs(half) < SATURATED ? 1 - 2 / (exp(2 * half) + 1) : half > 0 ? 1 : -1;
    }
  }],
  gaussian: [1, (totals) => {
    for (let pixel = 0; pixel < totals.length; pixel++) totals[pixel] = exp(-fround(totals[pixel] * totals[pixel]));
  }],
  linear: [fround(1 / 3), (thirds) => {
    for (let pixel = 0; pixel < thirds.length; pixel++) thirds[pixel] = max(-1, min(1, thirds[pixel]));
  }],
};

// Returns what the four inputs see at each pixel, row by row. Drawn at another size, the same picture is larger or
// smaller: pixel indices ("raw") then count pixels of the network's own size.
export function pixelCoordinates([height, width], coordinates, drawn = [height, width]) {
  const inputs = Array.from({ length: INPUTS }, () => new Float32Array(drawn[0] * drawn[1]));
  for (let row = 0, pixel = 0; row < drawn[0]; row++) {
    for (let column = 0; column < drawn[1]; column++, pixel++) {
      const across = 2 * column / max(drawn[1] - 1, 1);
      const down = 2 * row / max(drawn[0] - 1, 1);
      const [x, y] = [across - 1, down - 1];
      const raw = coordinates === "raw";
      inputs[0][pixel] = raw ? (drawn[1] === width ? column : across * (width - 1) / 2) : x;
      inputs[1][pixel] = raw ? (drawn[0] === height ? row : down * (height - 1) / 2) : y;
      inputs[2][pixel] = sqrt(x * x + y * y);
      inputs[3][pixel] = 1;
    }
  }
  return inputs;
}

// Returns each non-input node's longest way down to an output, by place; -1 for those that do not lead there.
export function measureHeights({ activations, sources, targets }, channels) {
  const heights = Array.from(activations, (_, place) => (place < channels ? 0 : -1));
  for (let level = 0, raised = true; raised; level++) {
    raised = false;
    for (let edge = 0; edge < sources.length; edge++) {
      if (sources[edge] > INPUTS && heights[targets[edge] - 1 - INPUTS] === level) {
        heights[sources[edge] - 1 - INPUTS] = level + 1;
        raised = true;
      }
    }
  }
  return heights;
}

// Returns the nodes that lead to an output, the highest first: {row, activate, edges: [[row of the source, weight]]}.
export function planEvaluation(genome, channels) {
  const heights = measureHeights(genome, channels);
  const active = heights.map((_, place) => place).filter((place) => heights[place] >= 0);
  active.sort((one, other) => heights[other] - heights[one]);
  return active.map((place) => {
    const [factor, activate] = FUNCTIONS[ACTIVATIONS[genome.activations[place] - 1]];
    const row = INPUTS + place;
    const edges = [];
    genome.targets.forEach((target, edge) => {
      if (target === row + 1) edges.push([genome.sources[edge] - 1, fround(genome.weights[edge] * factor)]);
    });
    return { row, activate, edges };
  });
}

// Evaluates a graph at all pixels. Returns one Float32Array in [-1, 1] for each channel.
export function evaluateGraph(genome, coordinates, channels) {
  const plan = planEvaluation(genome, channels);
  const pixels = coordinates[0].length;
  const outputs = Array.from({ length: channels }, () => new Float32Array(pixels));
  const rooms = plan.map(() => new Float32Array(BLOCK));
  for (let start = 0; start < pixels; start += BLOCK) {
    const end = min(start + BLOCK, pixels);
    const values = coordinates.map((input) => input.subarray(start, end));
    plan.forEach(({ row, activate, edges }, index) => {
      const output = row - INPUTS < channels ? outputs[row - INPUTS].subarray(start, end) : null;
      values[row] = output || rooms[index].subarray(0, end - start);
      values[row].fill(0);
      for (const [source, weight] of edges) addScaled(values[row], values[source], weight);
      activate(values[row]);
    });
  }
  return outputs;
}

function addScaled(totals, values, weight) {
  for (let pixel = 0; pixel < totals.length; pixel++) totals[pixel] += fround(weight * values[pixel]);
}

// Rounds values in [-1, 1] without their signs down to whole levels, 0 to 255.
export function toGreyLevels(values) {
  const levels = new Uint8Array(values.length);
  for (let pixel = 0; pixel < values.length; pixel++) levels[pixel] = fround(abs(values[pixel]) * 255);
  return levels;
}

// Each writes 8-bit hue (0 to 179, then round again) and two more numbers as RGB, from `place` on.
const COLOURS = {
  hls: (hue, lightness, saturation, pixels, place) => {
    const light = fround(lightness * GREY_LEVEL);
    const chroma = fround(fround(1 - abs(fround(2 * light - 1))) * fround(saturation * GREY_LEVEL));
    hueToRgb(hue, chroma, fround(light - fround(0.5 * chroma)), pixels, place);
  },
  hsv: (hue, saturation, value, pixels, place) => {
    const bright = fround(value * GREY_LEVEL);
    const chroma = fround(bright * fround(saturation * GREY_LEVEL));
    hueToRgb(hue, chroma, fround(bright - chroma), pixels, place);
  },
};

function hueToRgb(hue, chroma, base, pixels, place) {
  const sixths = fround((hue >= HUES ? hue - HUES : hue) * SIXTH);
  pixels[place] = mix(base, chroma, fround(abs(fround(sixths - 3)) - 1));
  pixels[place + 1] = mix(base, chroma, fround(2 - abs(fround(sixths - 2))));
  pixels[place + 2] = mix(base, chroma, fround(2 - abs(fround(sixths - 4))));
}

// A Uint8ClampedArray rounds it, half to even as TensorFlow does.
const mix = (base, chroma, ramp) => fround(fround(base + fround(chroma * max(0, min(1, ramp)))) * 255);

// Returns a genome's image as a canvas takes it: a Uint8ClampedArray of red, green, blue and 255 for each pixel.
// `encoding` is {shape: [height, width, channels], coordinates, colour}; `inputs` are pixelCoordinates at any size.
export function express(genome, encoding, inputs = pixelCoordinates(encoding.shape, encoding.coordinates)) {
  const levels = evaluateGraph(genome, inputs, encoding.shape[2]).map(toGreyLevels);
  const [first, second, third] = levels;
  const pixels = new Uint8ClampedArray(4 * first.length).fill(255);
  const convert = COLOURS[encoding.colour];
  for (let pixel = 0, place = 0; pixel < first.length; pixel++, place += 4) {
    if (levels.length === 1) pixels.fill(first[pixel], place, place + 3);
    else convert(first[pixel], second[pixel], third[pixel], pixels, place);
  }
  return pixels;
}
