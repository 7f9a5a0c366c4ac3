// The inspection Worker with LiteRT beside onnxruntime. It is another Worker, because LiteRT's module costs every start of one that
// carries it 85 ms, and most models never come to it.
import { LiteRtHeap } from '../../../worker/runtime/litert/heap.ts';
import { LiteRtSession } from '../../../worker/runtime/litert/session.ts';
import { InspectedEngine } from './inspected-engine.ts';
import { inspectionApp } from './inspection-app.ts';
import { onnxruntime } from './onnxruntime-engine.ts';

const litert = new InspectedEngine<LiteRtHeap>({
  createHeap: (limitBytes) => LiteRtHeap.create(limitBytes),
  restarted: (heap) => heap.restarted(),
  createSession: (heap, block) => LiteRtSession.create(heap, block),
});

export default inspectionApp({ onnxruntime, litert });
