// Mean average precision of detectors, figure for figure as pycocotools has it: 101 points of recall, at most 100 objects a picture and
// class, all areas, crowds neither found nor missed.
// @see https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/cocoeval.py

/** Left, top, width and height. */
export type BoxExtent = readonly [x: number, y: number, width: number, height: number];

export interface TrueObject {
  readonly category: string;
  readonly box: BoxExtent;
  /** A group that is not marked one by one: what lies in it counts neither way. */
  readonly isCrowd: boolean;
}

export interface FoundObject {
  readonly category: string;
  readonly box: BoxExtent;
  readonly score: number;
}

export interface PictureObjects {
  readonly truth: readonly TrueObject[];
  readonly found: readonly FoundObject[];
}

export interface AveragePrecisions {
  /** At an overlap of 0.5; null: no object of any category is in the truth. */
  readonly map50: number | null;
  readonly map75: number | null;
  /** Mean over overlaps of 0.5 to 0.95. */
  readonly map50_95: number | null;
  /** Mean over the same overlaps of the share of objects that are found. */
  readonly mar_100: number | null;
}

const mostFound = 100;
/** As NumPy's linspace makes them: the last is exact, those between are multiples of the step. */
const overlapStep = (0.95 - 0.5) / 9;
const overlaps = Array.from({ length: 10 }, (_, index) => (index === 9 ? 0.95 : 0.5 + index * overlapStep));
const recalls = Array.from({ length: 101 }, (_, index) => (index === 100 ? 1 : index * 0.01));
/** Keeps a quotient of nothing by nothing from being NaN. */
const epsilon = Number.EPSILON;

/** @param categories those without an object in the truth are left out */
export function averagePrecisions(
  pictures: readonly PictureObjects[],
  categories: readonly string[],
): AveragePrecisions {
  const perCategory = categories.map((category) => evaluate(pictures, category)).filter((each) => each !== null);
  const meanAt = (thresholds: readonly number[], of: 'precision' | 'recall') =>
    mean(perCategory.flatMap((each) => thresholds.map((index) => each[index]?.[of] ?? 0)));
  const all = overlaps.map((_, index) => index);
  return {
    map50: meanAt([0], 'precision'),
    map75: meanAt([5], 'precision'),
    map50_95: meanAt(all, 'precision'),
    mar_100: meanAt(all, 'recall'),
  };
}

interface CategoryFigures {
  /** Mean over the points of recall. */
  readonly precision: number;
  readonly recall: number;
}

/** @returns figures for each overlap; null where the truth has no object of the category */
function evaluate(pictures: readonly PictureObjects[], category: string): CategoryFigures[] | null {
  const matched = pictures.map((picture) => match(picture, category));
  const wanted = matched.reduce((sum, { counted }) => sum + counted, 0);
  if (wanted === 0) return null;
  const found = matched
    .flatMap(({ scores, verdicts }) =>
      scores.map((score, index) => ({ score, verdicts: verdicts.map((each) => each[index]) })),
    )
    // Stable, as NumPy's mergesort.
    .sort((a, b) => b.score - a.score);
  return overlaps.map((_, at) => {
    const verdicts = found.map((each) => each.verdicts[at]);
    return figures(
      verdicts.filter((each) => each !== 'ignored').map((each) => each === 'right'),
      wanted,
    );
  });
}

type Verdict = 'right' | 'wrong' | 'ignored';

interface Matched {
  /** The highest first. */
  readonly scores: readonly number[];
  /** For each overlap, of each score. */
  readonly verdicts: readonly (readonly Verdict[])[];
  /** Objects of the truth that are to be found. */
  readonly counted: number;
}

function match({ truth, found }: PictureObjects, category: string): Matched {
  const own = truth.filter((each) => each.category === category);
  const wanted = [...own.filter(({ isCrowd }) => !isCrowd), ...own.filter(({ isCrowd }) => isCrowd)];
  const best = found
    .filter((each) => each.category === category)
    .sort((a, b) => b.score - a.score)
    .slice(0, mostFound);
  const shares = best.map(({ box }) => wanted.map((object) => overlapOf(box, object)));
  return {
    scores: best.map(({ score }) => score),
    verdicts: overlaps.map((least) => verdictsAt(shares, wanted, least)),
    counted: wanted.filter(({ isCrowd }) => !isCrowd).length,
  };
}

/** Each found object, the best first, takes the one of the truth that it overlaps most and that is left. */
function verdictsAt(
  shares: readonly (readonly number[])[],
  wanted: readonly TrueObject[],
  least: number,
): readonly Verdict[] {
  const taken = new Set<number>();
  return shares.map((own) => {
    let most = Math.min(least, 1 - 1e-10);
    let at = -1;
    for (const [index, { isCrowd }] of wanted.entries()) {
      if (taken.has(index) && !isCrowd) continue;
      // Crowds come last: one is taken only where nothing else fits.
      if (at > -1 && wanted[at]?.isCrowd === false && isCrowd) break;
      const share = own[index] ?? 0;
      if (share < most) continue;
      [most, at] = [share, index];
    }
    if (at === -1) return 'wrong';
    taken.add(at);
    return wanted[at]?.isCrowd ? 'ignored' : 'right';
  });
}

/** Intersection over union; of a crowd over the found object alone. */
function overlapOf([x, y, width, height]: BoxExtent, { box, isCrowd }: TrueObject): number {
  const [left, top, wide, high] = box;
  const across = Math.min(x + width, left + wide) - Math.max(x, left);
  const down = Math.min(y + height, top + high) - Math.max(y, top);
  if (across <= 0 || down <= 0) return 0;
  const shared = across * down;
  const area = width * height;
  return shared / (isCrowd ? area : area + wide * high - shared);
}

function figures(isRight: readonly boolean[], wanted: number): CategoryFigures {
  const precisions: number[] = [];
  const reached: number[] = [];
  let right = 0;
  for (const [index, each] of isRight.entries()) {
    if (each) right++;
    reached.push(right / wanted);
    precisions.push(right / (index + 1 + epsilon));
  }
  for (let index = precisions.length - 1; index > 0; index--) {
    precisions[index - 1] = Math.max(precisions[index - 1] ?? 0, precisions[index] ?? 0);
  }
  let at = 0;
  let sum = 0;
  for (const recall of recalls) {
    while (at < reached.length && (reached[at] ?? 0) < recall) at++;
    sum += precisions[at] ?? 0;
  }
  return { precision: sum / recalls.length, recall: reached.at(-1) ?? 0 };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
