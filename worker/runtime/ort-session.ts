// A version's session in onnxruntime, made as its manifest says.
import type { Manifest, ProfileName } from '../../registry/manifest.ts';
import type { Heap } from './heap.ts';
import type { Block } from './model-place.ts';
import { Session } from './session.ts';

/**
 * @throws {OrtError} when onnxruntime refuses the model
 * @throws {HeapFullError} when it does not fit into the heap
 * @throws {HeapBrokenError} when it breaks the heap
 */
export function createOrtSession(heap: Heap, block: Block, manifest: Manifest, profile: ProfileName): Session {
  return Session.create(heap, block, {
    format: manifest.artifacts.model.format,
    profile,
    graphOptimization: manifest.runtime.graphOptimization,
  });
}
