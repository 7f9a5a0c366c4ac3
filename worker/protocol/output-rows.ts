// The rows of an output that belong to records, as its version's signature says, whatever size the output has.
import { batchOf } from '../../registry/batch.ts';
import type { Signature } from '../../registry/signature.ts';
import { noRowForEach } from './record-model.ts';
import type { Tensor } from './tensor.ts';

export interface OutputRows {
  /** As many as there are records; one, the output as a whole, where it has no batch axis. */
  readonly rows: number;
  /** The shape of one of them. */
  readonly shape: readonly number[];
}

/**
 * @param count how many records were asked about
 * @param elsewhere how else to ask, for the message
 * @throws {PopserveError} INVALID_ARGUMENT if the output has not one row for each record
 */
export function rowsOf(output: Tensor, signature: Signature, count: number, elsewhere: string): OutputRows {
  const { name, shape } = output;
  const hasRows = batchOf(signature).outputs.has(name);
  if (hasRows ? shape[0] !== count : count !== 1) throw noRowForEach(output, count, elsewhere);
  return { rows: count, shape: hasRows ? shape.slice(1) : shape };
}
