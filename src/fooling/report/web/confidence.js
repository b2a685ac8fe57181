// Confidences as fooling.confidence and fooling.words have them.

// to_confidence: returns the softmax value that belongs to log-odds.
export const toConfidence = (logOdds) => 1 / (1 + Math.exp(-logOdds));

// show_confidence: a percentage that never rounds to certainty or to nothing.
export function showConfidence(logOdds) {
  const percentage = 100 * toConfidence(logOdds);
  if (percentage > 99.9999) return "> 99.9999%";
  return percentage < 0.01 ? "< 0.01%" : `${percentage.toFixed(percentage > 99.9 ? 4 : 2 + (percentage < 0.1))}%`;
}
