// The ground of the reports' plots: inline SVG, drawn with the classes of the style sheet, so that they follow light and dark.

/** In pixels, or in the units of what is plotted. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A drawing and the margins around what is plotted in it. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Text for HTML and SVG: names of models, classes and files come from outside. */
export function escapeText(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** @param title what a screen reader says */
export function drawing(
  style: string,
  { width, height }: Pick<Frame, 'width' | 'height'>,
  title: string,
  content: string,
): string {
  return `<svg class="${style}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeText(title)}">${content}</svg>`;
}

/** The names of both axes, below and turned at the left. */
export function axisNames({ width, height, left, right, top, bottom }: Frame, x: string, y: string): string {
  const below = `<text class="name" x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${escapeText(x)}</text>`;
  const beside = `<text class="name" transform="rotate(-90)" x="${-(top + height - bottom) / 2}" y="13" text-anchor="middle">${escapeText(y)}</text>`;
  return below + beside;
}

export function tick({ x, y }: Point, anchor: 'start' | 'middle' | 'end', text: string): string {
  return `<text class="tick" x="${x}" y="${y}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

/** @returns the `d` of a path through points in pixels */
export function pathThrough(points: readonly Point[]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
}

/** @returns how many of the values lie in each of some bins of equal width; those beyond the range are in the outer bins */
export function countInBins(values: readonly number[], from: number, to: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.max(0, Math.min(bins - 1, Math.floor(((value - from) / (to - from || 1)) * bins)));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** A tenth of a pixel is as fine as a plot needs its coordinates. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
