// A version's session in LiteRT, made as its manifest says.
import { PopserveError } from '../../registry/errors.ts';
import type { Manifest } from '../../registry/manifest.ts';
import type { LiteRtHeap } from '../runtime/litert/heap.ts';
import { LiteRtSession } from '../runtime/litert/session.ts';
import type { Block } from '../runtime/model-place.ts';
import { leanNeed } from '../runtime/room.ts';

/**
 * @throws {PopserveError} UNAVAILABLE when the model takes inputs of other shapes than its manifest says
 * @throws {RefusedError} when LiteRT refuses the model
 * @throws {HeapFullError} when it does not fit into the heap
 * @throws {HeapBrokenError} when it breaks the heap
 */
export function createLiteRtSession(heap: LiteRtHeap, block: Block, manifest: Manifest): LiteRtSession {
  try {
    // A load that lacked memory would end the heap, with all that lives in it.
    heap.reserve(leanNeed(manifest) - block.bytes);
  } catch (error) {
    heap.free(block.pointer);
    throw error;
  }
  const session = LiteRtSession.create(heap, block);
  const wanted = manifest.runtime.litert?.inputs ?? [];
  const other = session.inputs.find(({ name, shape }) => {
    return String(wanted.find((input) => input.name === name)?.shape) !== String(shape);
  });
  if (other === undefined && session.inputs.length === wanted.length) return session;
  session.release();
  throw new PopserveError(
    'UNAVAILABLE',
    `the converted model has ${describeAll(session.inputs)}, its manifest says ${describeAll(wanted)}`,
  );
}

function describeAll(inputs: readonly { readonly name: string; readonly shape: readonly number[] }[]): string {
  return inputs.map(({ name, shape }) => `'${name}' [${shape}]`).join(', ');
}
