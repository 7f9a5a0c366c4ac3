// Which rows two files have in common: each row of a model's inputs by a digest of its bytes.
import { createHash } from 'node:crypto';
import type { Tensor } from '../../worker/protocol/tensor.ts';

/** @returns one digest for each row of the inputs, the same for the same values */
export function rowDigests(inputs: readonly Tensor[]): string[] {
  const rows = inputs[0]?.shape[0] ?? 0;
  return Array.from({ length: rows }, (_, row) => {
    const hash = createHash('sha1');
    for (const { name, data } of inputs) {
      const size = data.length / rows;
      const own = data.slice(row * size, (row + 1) * size);
      hash.update(`${name}:`);
      for (const part of own instanceof Uint8Array ? [own] : own) hash.update(`${part.length}:`).update(part);
    }
    return hash.digest('base64');
  });
}
