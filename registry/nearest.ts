// Names that exist, those most like a mistyped one first.

const mostTold = 8;
const naturally = new Intl.Collator('en', { numeric: true });

/**
 * @param names in any order
 * @returns the nearest first, of equally near ones the highest: `v10`, `v9`; and how many more there are
 */
export function nearest(asked: string, names: readonly string[]): string {
  const order = names
    .map((name) => ({ name, distance: editDistance(asked, name) }))
    .sort((a, b) => a.distance - b.distance || naturally.compare(b.name, a.name))
    .map(({ name }) => name);
  const left = order.length - mostTold;
  return [...order.slice(0, mostTold), ...(left > 0 ? [`and ${left} more`] : [])].join(', ');
}

/**
 * Letters to insert, delete, replace or swap with the next.
 * @see https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance the restricted one
 */
export function editDistance(from: string, to: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next.push(
        Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swapped ? (before[j - 2] ?? 0) + 1 : Infinity),
      );
    }
    [before, row] = [row, next];
  }
  return row[to.length] ?? 0;
}
