// Every operator that is covered. What is not listed here is refused by its name.
import { activation } from './activation.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import type { Family } from './family.ts';
import { matrix } from './matrix.ts';
import { movement } from './movement.ts';
import { pooling } from './pooling.ts';
import { quantising } from './quantising.ts';
import { reduction } from './reduction.ts';
import { resize } from './resize.ts';

export const families: Family = {
  ...activation,
  ...convolution,
  ...elementwise,
  ...matrix,
  ...movement,
  ...pooling,
  ...quantising,
  ...reduction,
  ...resize,
};
