// LeNet, after build_lenet of src/fooling/networks/lenet.py, layer by layer, and log_odds_of of classifier.py.
// Images are 28 × 28 grey levels, 0 to 255. Sums are float64, which browsers add faster than float32.

export const [SIDE, PIXELS, DIGITS] = [28, 28 * 28, 10];
const SCALE = 1 / 256; // INPUT_RANGE: white is 255/256
const FIELD = 5; // pixels along a side of a window of the convolutions
const SHAPES = [[25, 20], [500, 50], [800, 500], [500, DIGITS]]; // inputs and outputs of each layer's matrix

// Returns what `multiply` takes of each layer, from the weights that Keras lists: kernel and bias of each, float32. A
// matrix of weights, (inputs, outputs), lies by pairs of columns.
function readLayers(numbers) {
  let at = 0;
  const take = (count) => numbers.subarray(at, (at += count));
  return SHAPES.map(([inputs, outputs]) => {
    const kernel = new Float64Array(inputs * outputs);
    take(kernel.length).forEach((weight, place) => {
      const [k, column] = [Math.floor(place / outputs), place % outputs];
      kernel[(column & ~1) * inputs + 2 * k + (column & 1)] = weight;
    });
    return { kernel, bias: Float64Array.from(take(outputs)), inputs, outputs };
  });
}

// Dense: rows · kernel + bias, for a multiple of four rows. Four rows by two columns are summed at once, as many sums as
// a processor's registers hold.
function multiply(rows, count, { kernel, bias, inputs, outputs }, result) {
  for (let column = 0; column < outputs; column += 2) {
    for (let row = 0; row < count; row += 4) {
      let a = row * inputs, b = a + inputs, c = b + inputs, d = c + inputs, at = column * inputs;
      let a0 = bias[column], a1 = bias[column + 1], b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
      for (const end = a + inputs; a < end; a++, b++, c++, d++, at += 2) {
        const left = kernel[at], right = kernel[at + 1];
        a0 += rows[a] * left; a1 += rows[a] * right;
        b0 += rows[b] * left; b1 += rows[b] * right;
        c0 += rows[c] * left; c1 += rows[c] * right;
        d0 += rows[d] * left; d1 += rows[d] * right;
      }
      let to = row * outputs + column;
      result[to] = a0; result[to + 1] = a1;
      result[to += outputs] = b0; result[to + 1] = b1;
      result[to += outputs] = c0; result[to + 1] = c1;
      result[to += outputs] = d0; result[to + 1] = d1;
    }
  }
  return result;
}

// Conv2D: the 5 × 5 windows of maps, (side, side, channels), each as a row for `multiply`.
function gatherWindows(maps, side, channels, windows) {
  for (let y = 0, to = 0; y <= side - FIELD; y++) {
    for (let x = 0; x <= side - FIELD; x++) {
      for (let row = y; row < y + FIELD; row++) {
        const start = (row * side + x) * channels, end = start + FIELD * channels;
        for (let from = start; from < end; from++, to++) windows[to] = maps[from];
      }
    }
  }
  return windows;
}

// MaxPooling2D: the largest of each 2 × 2 pixels, channel by channel, written from `to` on.
function poolLargest(maps, side, channels, result, to = 0) {
  const row = side * channels;
  for (let y = 0; y < side; y += 2) {
    for (let x = 0; x < side; x += 2) {
      for (let from = (y * side + x) * channels, end = from + channels; from < end; from++, to++) {
        const above = Math.max(maps[from], maps[from + channels]);
        result[to] = Math.max(above, maps[from + row], maps[from + row + channels]);
      }
    }
  }
  return result;
}

// build_lenet: returns the network, a function of the grey levels of `count` images, one after another, that returns
// their logits, ten each. The weights are float32 numbers in the order in which Keras lists them.
export function buildLenet(weights) {
  const [first, second, third, fourth] = readLayers(weights);
  const make = (...sizes) => sizes.map((size) => new Float64Array(size));
  const [image, windows, maps, pooled] = make(PIXELS, 64 * 500, 576 * 20, 144 * 20);
  return (pixels, count) => {
    const rows = Math.ceil(count / 4) * 4; // those beyond the last image are zeros
    const [flat, hidden, logits] = make(rows * 800, rows * 500, rows * DIGITS);
    for (let one = 0; one < count; one++) {
      for (let at = 0; at < PIXELS; at++) image[at] = pixels[one * PIXELS + at] * SCALE;
      poolLargest(multiply(gatherWindows(image, SIDE, 1, windows), 576, first, maps), 24, 20, pooled);
      poolLargest(multiply(gatherWindows(pooled, 12, 20, windows), 64, second, maps), 8, 50, flat, one * 800);
    }
    multiply(flat, rows, third, hidden);
    for (let at = 0; at < hidden.length; at++) hidden[at] = Math.max(0, hidden[at]); // ReLU
    return multiply(hidden, rows, fourth, logits).subarray(0, count * DIGITS);
  };
}

// log_odds_of: z_k less the logarithm of the summed exponentials of an image's other logits, for every digit k.
export function logOddsOf(logits) {
  return Float64Array.from(logits, (one, digit) => {
    const others = logits.filter((_, other) => other !== digit);
    const most = Math.max(...others);
    return one - most - Math.log(others.reduce((sum, other) => sum + Math.exp(other - most), 0));
  });
}
