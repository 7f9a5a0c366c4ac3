// What an isolate of the engine Worker tells of itself.
import type { Engine } from './engine.ts';

export function stateOf({ models, heap, ledger }: Engine): object {
  const { live } = heap;
  return {
    versions: Object.fromEntries(models.states()),
    heap: {
      running: live !== null,
      broken: live?.broken ?? null,
      bytes: heap.byteLength,
      emptyBytes: heap.emptyBytes,
      usedBytes: live === null || live.broken !== null ? null : live.usedBytes(),
      budgetBytes: heap.budgetBytes,
      discardedBytes: heap.discardedBytes,
      replacements: heap.replacements,
    },
    memory: ledger.state(),
  };
}
