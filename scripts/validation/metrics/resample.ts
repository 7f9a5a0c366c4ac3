// Bootstrap: how much a figure varies over samples drawn from the same rows. The seed is fixed, so the same rows give the same interval.
// @see https://en.wikipedia.org/wiki/Bootstrapping_(statistics)
import { Random } from '../../random.ts';
import { type Interval, z95 } from './wilson.ts';

/** How often each row was drawn, for each resample. */
export type Draws = readonly Uint8Array[];

const seed = 20_261_123;
const [fewest, most] = [40, 1000];
/** Steps of all resamples together: well below a second. */
const mostSteps = 2e7;
/** With fewer resamples the quantiles rest on a few figures: then their spread is taken. */
const fewestForQuantiles = 200;

/** @param stepsPerRow what a resample costs for each row, in classes or so */
export function drawRows(rows: number, stepsPerRow: number): Draws {
  const random = new Random(seed);
  const count = Math.max(fewest, Math.min(most, Math.floor(mostSteps / Math.max(1, rows * stepsPerRow))));
  return Array.from({ length: count }, () => {
    const draw = new Uint8Array(rows);
    for (let step = 0; step < rows; step++) {
      const row = Math.floor(random.uniform() * rows);
      draw[row] = (draw[row] ?? 0) + 1;
    }
    return draw;
  });
}

/**
 * @param resampled the figure of each draw; null where the drawn rows do not define it
 * @returns null where the figure is not defined for most draws, or the same for all of them: then they say nothing
 */
export function bootstrap(value: number, resampled: readonly (number | null)[]): Interval | null {
  const found = resampled.filter((figure): figure is number => figure !== null && Number.isFinite(figure));
  if (found.length < resampled.length / 2) return null;
  const sorted = Float64Array.from(found).sort();
  const [least = 0, greatest = 0] = [sorted.at(0), sorted.at(-1)];
  if (greatest - least <= 1e-12 * Math.max(1, Math.abs(value))) return null;
  if (found.length >= fewestForQuantiles) return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
  const mean = found.reduce((sum, figure) => sum + figure, 0) / found.length;
  const variance = found.reduce((sum, figure) => sum + (figure - mean) ** 2, 0) / (found.length - 1);
  return [value - z95 * Math.sqrt(variance), value + z95 * Math.sqrt(variance)];
}

/** Linear between neighbours, as NumPy has it. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] ?? 0, sorted[Math.ceil(at)] ?? 0];
  return below + (above - below) * (at - Math.floor(at));
}
