// onnxruntime in the inspection Worker.
import { Heap } from '../../../worker/runtime/heap.ts';
import { Session, type SessionOptions } from '../../../worker/runtime/session.ts';
import { InspectedEngine } from './inspected-engine.ts';

export const onnxruntime = new InspectedEngine<Heap>({
  createHeap: (limitBytes) => Heap.create(limitBytes),
  restarted: (heap) => heap.restarted(),
  createSession: (heap, block, option) =>
    Session.create(heap, block, {
      format: option('format') as SessionOptions['format'],
      profile: option('profile') as SessionOptions['profile'],
      graphOptimization: option('optimization') as SessionOptions['graphOptimization'],
    }),
});
