// Figures as words, the same in text and on the page.

/** A figure with the digits that matter: 0, 0.004, 0.25, 3.2, 47, 1893. */
export function formatFigure(value: number): string {
  if (Number.isNaN(value)) return "-";
  if (!Number.isFinite(value)) return "lost";
  const size = Math.abs(value);
  if (Number.isInteger(value) || size >= 9.95) return value.toFixed(0);
  return value.toFixed(size < 0.0995 ? 3 : size < 0.995 ? 2 : 1);
}

/** The same within five characters, six below 0: 0.004, 999, 1.2k, 40k. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 999.5) return formatFigure(value);
  return `${(value / 1000).toFixed(size < 9950 ? 1 : 0)}k`;
}

/** From the least to the most: 28–47, 1.2–3.4k, 0.008–0.013; one figure where
 * they are the same. An end that is small beside the other has no more digits
 * than tell that: 0.0–40k. */
export function formatRange(min: number, max: number): string {
  const isCoarse = Math.max(Math.abs(min), Math.abs(max)) >= 9.95;
  const word = (end: number) =>
    isCoarse && Math.abs(end) < 0.995 && end !== 0
      ? end.toFixed(1)
      : formatShort(end);
  const [low, high] = [word(min), word(max)];
  if (low === high) return low;
  const isOneUnit = low.endsWith("k") && high.endsWith("k");
  return `${isOneUnit ? low.slice(0, -1) : low}–${high}`;
}
