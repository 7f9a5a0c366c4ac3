// The size of a version's sample input. A manifest may write a shape of a few bytes that stands for gigabytes of zeros, so this is
// asked before a manifest is stored, and again before the elements are made.
import { defaultLimits } from './default-limits.ts';
import type { Manifest } from './manifest.ts';
import { mebibyte } from './mebibytes.ts';
import { type Datatype, elementBytes, elementCount, type Signature } from './signature.ts';

/** As large as the largest request that a PoP takes: a sample is an example of one. */
export const mostWarmupBytes = defaultLimits.bodyMib * mebibyte;

/** A string is an object of its own, whatever its length. */
const stringBytes = 64;

type Sample = Pick<NonNullable<Manifest['warmup']>[number], 'name' | 'shape' | 'data'>;

/** @returns a sentence for each sample input that has another number of elements than its shape, or that is too large; empty if all fit */
export function warmupFaults({ inputs }: Pick<Signature, 'inputs'>, warmup: readonly Sample[]): string[] {
  const datatypes = new Map(inputs.map(({ name, datatype }) => [name, datatype]));
  const faults: string[] = [];
  let bytes = 0;
  for (const { name, shape, data } of warmup) {
    const datatype = datatypes.get(name);
    if (datatype === undefined) continue;
    const where = `warmup: input '${name}' [${shape.join(',')}]`;
    const count = elementCount(shape);
    // A dimension beside a zero counts as well: code that loops over it would not end.
    const most = shape.reduce((largest, size) => Math.max(largest, size), 0);
    if (most > defaultLimits.elements) {
      faults.push(`${where}: expected dimensions of at most ${defaultLimits.elements}`);
      continue;
    }
    if (data !== undefined && data.length !== count) {
      faults.push(`${where}: expected ${count} elements, got ${data.length}`);
      continue;
    }
    bytes += sizeOf(datatype, count) + (data ?? []).reduce<number>((sum, value) => sum + lengthOf(value), 0);
  }
  if (bytes > mostWarmupBytes) {
    faults.push(`warmup: expected sample inputs of at most ${mostWarmupBytes} bytes together, they take ${bytes}`);
  }
  return faults;
}

function sizeOf(datatype: Datatype, count: number): number {
  return count * (datatype === 'BYTES' ? stringBytes : elementBytes[datatype]);
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}
