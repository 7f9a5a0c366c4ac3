// Names of classes that differ from one another. Two classes of one name would be one key of an answer's JSON, and a truth of that
// name would mean either.
import { unprocessable } from '../inspect/refusal.ts';

type Label = string | number;

export interface DistinctLabels {
  readonly labels: Label[];
  /** What was changed, as a sentence; null where nothing was. */
  readonly note: string | null;
}

/** Names shown of a long list. */
const mostShown = 8;

/**
 * Puts the number of the class behind a name that several classes have: `crane (134)` and `crane (517)`.
 * @throws PopserveError UNPROCESSABLE where even that is the name of another class
 */
export function distinctLabels(output: string, given: readonly Label[]): DistinctLabels {
  const counts = new Map<string, number>();
  for (const label of given) counts.set(keyOf(label), (counts.get(keyOf(label)) ?? 0) + 1);
  const isShared = (label: Label) => (counts.get(keyOf(label)) ?? 0) > 1;
  const labels = given.map((label, index) => (isShared(label) ? `${label} (${index})`.trim() : label));
  const taken = new Set<string>();
  for (const label of labels) {
    if (taken.has(keyOf(label))) {
      throw unprocessable(`the classes of output '${output}' need names of their own: '${label}' is there twice`);
    }
    taken.add(keyOf(label));
  }
  const changed = labels.filter((_, index) => isShared(given[index] ?? ''));
  const shown = changed.slice(0, mostShown).join(', ') + (changed.length > mostShown ? ', …' : '');
  return {
    labels,
    note:
      changed.length === 0
        ? null
        : `${changed.length} classes of output '${output}' share names with others and are told apart by their numbers: ${shown}`,
  };
}

/** 1 and '1' are the same key of JSON; so is one name in two Unicode forms to a reader. */
function keyOf(label: Label): string {
  return String(label).normalize('NFC');
}
