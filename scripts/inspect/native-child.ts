// The process that native.ts starts: `node native-child.ts <job.json>`. A hostile model may hang or crash it at any point,
// so each step's result is on disk before the step is reported.
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { elementTypeName, stringElementType } from '../../worker/protocol/element-type.ts';
import { decodeFrame, encodeFrame, type RawTensor } from '../../worker/protocol/raw-frame.ts';
import { importOnnxruntime } from '../build/operator-tools.ts';
import type { NativeJob, NativeMessage } from './native.ts';

const onnxruntime = await importOnnxruntime();

const quiet = { logSeverityLevel: 4, intraOpNumThreads: 1, interOpNumThreads: 1 } as const;

const arrays: Readonly<Record<string, (buffer: ArrayBuffer) => Tensor['data']>> = {
  float32: (buffer) => new Float32Array(buffer),
  float64: (buffer) => new Float64Array(buffer),
  float16: (buffer) => new Uint16Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  int8: (buffer) => new Int8Array(buffer),
  uint16: (buffer) => new Uint16Array(buffer),
  int16: (buffer) => new Int16Array(buffer),
  int32: (buffer) => new Int32Array(buffer),
  uint32: (buffer) => new Uint32Array(buffer),
  int64: (buffer) => new BigInt64Array(buffer),
  uint64: (buffer) => new BigUint64Array(buffer),
  bool: (buffer) => new Uint8Array(buffer),
};

const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as NativeJob;
if (job.convertTo !== null) report({ step: 'converted', fault: await convert(job.model, job.convertTo) });
if (job.samples.length > 0) await runSamples();
process.disconnect?.();

/** Optimises for no processor in particular: the layouts of 'all' would bind the file to this one. */
async function convert(model: string, target: string): Promise<string | null> {
  try {
    const options = { ...quiet, optimizedModelFilePath: target, graphOptimizationLevel: 'extended' } as const;
    await (await onnxruntime.InferenceSession.create(model, options)).release();
  } catch (error) {
    // A type that only the JavaScript side does not know (bfloat16) is refused after the file has been written.
    const message = messageOf(error);
    if (!message.startsWith('Unsupported data type')) return message;
  }
  return existsSync(target) ? null : 'onnxruntime wrote no file';
}

async function runSamples(): Promise<void> {
  let session: InferenceSession;
  try {
    session = await onnxruntime.InferenceSession.create(job.model, quiet);
  } catch (error) {
    report({ step: 'ran', sample: 0, fault: messageOf(error) });
    return;
  }
  for (const [sample, { inputs, outputs }] of job.samples.entries()) {
    try {
      await ask({ step: 'wants', sample });
      const { tensors } = decodeFrame(new Uint8Array(readFileSync(inputs)));
      // Own properties, even for an input that is called __proto__.
      const feeds = Object.fromEntries(tensors.map((tensor) => [tensor.name, toTensor(tensor)]));
      const results = await session.run(feeds);
      const answers = session.outputNames.map((name) => fromTensor(name, results[name]));
      writeFileSync(outputs, encodeFrame({ tensors: answers, extra: {} }));
      report({ step: 'ran', sample, fault: null });
    } catch (error) {
      report({ step: 'ran', sample, fault: messageOf(error) });
    }
  }
}

function toTensor({ elementType, shape, data }: RawTensor): Tensor {
  if (!(data instanceof Uint8Array)) {
    const strings = data.map((bytes) => new TextDecoder().decode(bytes));
    return new onnxruntime.Tensor('string', strings, shape);
  }
  const type = elementTypeName(elementType);
  const view = arrays[type];
  if (!view) throw new Error(`onnxruntime-node has no tensors of type ${type}`);
  // Aligned for its elements.
  return new onnxruntime.Tensor(type as 'float32', view(data.slice().buffer as ArrayBuffer) as Float32Array, shape);
}

function fromTensor(name: string, tensor: Tensor | undefined): RawTensor {
  if (!(tensor instanceof onnxruntime.Tensor)) throw new Error(`onnxruntime-node does not hand out output '${name}'`);
  const { data, dims: shape } = tensor;
  const elementType = elementTypeNumber(tensor.type);
  if (elementType === stringElementType) {
    const strings = data as readonly string[];
    return { name, elementType, shape, data: strings.map((text) => new TextEncoder().encode(text)) };
  }
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { name, elementType, shape, data: new Uint8Array(buffer, byteOffset, byteLength) };
}

function elementTypeNumber(type: string): number {
  for (let number = 1; number < 16; number++) if (elementTypeName(number) === type) return number;
  throw new Error(`onnxruntime-node answered with a tensor of type ${type}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function report(message: NativeMessage): void {
  process.send?.(message);
}

async function ask(message: NativeMessage): Promise<void> {
  const answer = once(process, 'message');
  report(message);
  await answer;
}
