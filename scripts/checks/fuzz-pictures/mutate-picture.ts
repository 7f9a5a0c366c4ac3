// Changes to a picture's file: bits and bytes anywhere, and the parts of each format by what they mean, so that a change reaches what
// lies behind the first check.
import type { Dice } from '../fuzz/dice.ts';
import { type Bytes, mutateBytes } from './file-parts.ts';
import { mutateJpeg } from './mutate-jpeg.ts';
import { mutatePng } from './mutate-png.ts';
import { mutateWebp } from './mutate-webp.ts';

/** @param others further pictures, parts of which may be taken */
export function mutatePicture(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes {
  const changes = dice.chance(0.6) ? 1 : 2 + dice.below(4);
  let changed = file;
  for (let change = 0; change < changes; change++) {
    const byParts = dice.chance(0.55) ? mutateParts(changed, others, dice) : null;
    changed = byParts ?? mutateBytes(changed, others, dice);
  }
  return changed;
}

function mutateParts(file: Bytes, others: readonly Bytes[], dice: Dice): Bytes | null {
  if (file[0] === 0x89) return mutatePng(file, others, dice);
  if (file[0] === 0xff && file[1] === 0xd8) return mutateJpeg(file, others, dice);
  if (file[0] === 0x52 && file[8] === 0x57) return mutateWebp(file, others, dice);
  return null;
}
