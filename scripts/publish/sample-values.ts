// Values for sample inputs: reproducible from a seed, and the same on every machine.
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { decodeJsonData } from '../../worker/protocol/decode-json-data.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { ValueHint } from './value-hints.ts';

/** How values are chosen: `likely` from hints and habit; the others for models that refuse those. */
export const valueStyles = ['likely', 'ones', 'small', 'zeros'] as const;
export type ValueStyle = (typeof valueStyles)[number];

const noHint: ValueHint = { strings: [], integers: [] };
const words = ['a', '', 'pump 4 stopped', 'Überhitzung', 'x'];
const digits = ['1', '0', '2', '3.5'];

/**
 * @param seed the same seed gives the same values for an input of the same name
 */
export function sampleTensor(
  input: Pick<Tensor, 'name' | 'datatype' | 'shape'>,
  style: ValueStyle,
  seed: number,
  hint: ValueHint = noHint,
): Tensor {
  const count = elementCount(input.shape);
  const next = randomNumbers(`${seed} ${input.name}`);
  const values = Array.from({ length: count }, valueMaker(input.datatype, style, hint, next));
  const data = decodeJsonData({ ...input, where: `input '${input.name}'`, count }, values, () => values);
  return { ...input, data };
}

function valueMaker(
  datatype: Tensor['datatype'],
  style: ValueStyle,
  hint: ValueHint,
  next: () => number,
): () => string | number | boolean {
  const below = (limit: number) => Math.floor(next() * limit);
  const oneOf = (choices: readonly string[]) => choices[below(choices.length)] ?? '';
  switch (datatype) {
    case 'BYTES':
      if (style === 'likely') return () => oneOf(hint.strings.length > 0 ? hint.strings : words);
      if (style === 'ones') return () => oneOf(digits);
      return () => oneOf(style === 'small' ? words : ['']);
    case 'BOOL':
      return () => (style === 'ones' ? true : style === 'zeros' ? false : next() < 0.5);
    case 'FP16':
    case 'BF16':
    case 'FP32':
    case 'FP64':
      if (style === 'zeros' || style === 'ones') return () => (style === 'ones' ? 1 : 0);
      if (style === 'small') return next;
      return () => normal(next);
    default: {
      const [hinted] = hint.integers;
      if (style === 'likely' && hinted !== undefined && elementBytes[datatype] >= 4) return () => hinted;
      // Pixels and bytes use their range; most other integers are indices or flags.
      if (style === 'likely') return () => below(datatype === 'UINT8' ? 128 : 2);
      return () => (style === 'ones' ? 1 : style === 'small' ? below(10) : 0);
    }
  }
}

/** Standard normal, in steps of 1/64: exact in every float type down to BF16, and short in JSON. */
function normal(next: () => number): number {
  const value = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Math.max(-3.984375, Math.min(3.984375, Math.round(value * 64) / 64));
}

/** mulberry32, seeded with the FNV-1a hash of a text; in [0, 1). */
function randomNumbers(text: string): () => number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
