// Parts of texts as JavaScript counts them: the API counts code points, `slice` counts units of UTF-16.
import type { TextSpan } from './options.ts';

/** A part as the API names it. */
export interface Marked {
  readonly entity_group: string;
  readonly score: number;
  readonly word: string;
  /** In code points. */
  readonly start: number;
  readonly end: number;
}

/** @param answers for each text its parts */
export function toSpans(texts: readonly string[], answers: readonly (readonly Marked[])[]): TextSpan[][] {
  return answers.map((parts, index) => {
    const text = texts[index] ?? '';
    const place = placesOf(text);
    return parts.map(({ entity_group: label, score, start, end }) => {
      const [from, to] = [place(start), place(end)];
      return { label, score, word: text.slice(from, to), start: from, end: to };
    });
  });
}

/** From code points to units. Most texts have none beyond the first 65,536, and need no table. */
function placesOf(text: string): (codePoint: number) => number {
  const points = Array.from(text);
  if (points.length === text.length) return (codePoint) => codePoint;
  const units = [0];
  for (const point of points) units.push((units.at(-1) ?? 0) + point.length);
  return (codePoint) => units[codePoint] ?? text.length;
}
