// Annotated pictures and what a detector might find in them, drawn from a seed: overlaps of all sizes, crowds, doubles and misses.
import { Random } from '../../../../scripts/random.ts';
import type { BoxExtent, PictureObjects } from '../../../../scripts/validation/metrics/average-precision.ts';

export const drawnCategories = ['cat', 'dog', 'bird', 'absent'];

export function drawObjects(seed: number, pictures: number, mostPerPicture = 8): PictureObjects[] {
  const random = new Random(seed);
  const uniform = (from: number, to: number) => from + random.uniform() * (to - from);
  const category = () => drawnCategories[Math.floor(random.uniform() * 3)] ?? '';
  const box = (): BoxExtent => [uniform(0, 500), uniform(0, 400), uniform(10, 120), uniform(10, 120)];
  /** Scores of two digits are often equal. */
  const score = () => Math.round(random.uniform() * 100) / 100;
  return Array.from({ length: pictures }, () => {
    const truth = Array.from({ length: Math.floor(random.uniform() * mostPerPicture) }, () => ({
      ...{ category: category(), box: box(), isCrowd: random.chance(0.1) },
    }));
    const near = truth.flatMap(({ category: own, box: [x, y, width, height] }) =>
      Array.from({ length: Math.floor(random.uniform() * 3) }, () => {
        const by = () => uniform(-0.2, 0.2);
        const moved: BoxExtent = [x + by() * width, y + by() * height, width * (1 + by()), height * (1 + by())];
        return { category: random.chance(0.1) ? category() : own, box: moved, score: score() };
      }),
    );
    const far = Array.from({ length: Math.floor(random.uniform() * 4) }, () => ({
      ...{ category: category(), box: box(), score: score() / 2 },
    }));
    return { truth, found: [...near, ...far] };
  });
}
