// Native onnxruntime in a process of its own: converts a model to ORT format and runs the original for reference answers.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from '../../worker/protocol/raw-frame.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { fromRuntimeTensor, toRuntimeTensor } from '../../worker/runtime/tensors.ts';
import { canonicalOrt } from './canonical-ort.ts';
import { type GuardLimits, runGuarded } from './guarded-process.ts';
import { tidy } from './refusal.ts';

/** What is asked of the child, in `job.json` of its folder; tensors lie beside it as raw frames. */
export interface NativeJob {
  readonly model: string;
  readonly convertTo: string | null;
  readonly samples: readonly { readonly inputs: string; readonly outputs: string }[];
}

/** What the child tells: one message per step. */
export type NativeMessage =
  | { readonly step: 'converted'; readonly fault: string | null }
  | { readonly step: 'ran'; readonly sample: number; readonly fault: string | null };

export interface NativeAnswers {
  /** The model in ORT format, or why there is none. */
  readonly converted: Uint8Array<ArrayBuffer> | { readonly fault: string };
  /** The original's outputs for each sample, or why there are none. */
  readonly references: readonly (readonly Tensor[])[] | { readonly fault: string };
}

export interface NativeRequest {
  readonly model: Uint8Array;
  readonly format: 'onnx' | 'ort';
  readonly convert: boolean;
  readonly samples: readonly (readonly Tensor[])[];
  readonly limits: GuardLimits;
}

/** Never fails because of the model: what did not work is said in the answer. */
export async function runNative(request: NativeRequest): Promise<NativeAnswers> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-publish-'));
  try {
    const job: NativeJob = {
      model: join(folder, `model.${request.format}`),
      convertTo: request.convert ? join(folder, 'converted.ort') : null,
      samples: request.samples.map((_, index) => ({
        inputs: join(folder, `inputs-${index}`),
        outputs: join(folder, `outputs-${index}`),
      })),
    };
    await writeFile(job.model, request.model);
    for (const [index, sample] of job.samples.entries()) {
      const tensors = (request.samples[index] ?? []).map(toRuntimeTensor);
      await writeFile(sample.inputs, encodeFrame({ tensors, extra: {} }));
    }
    const jobFile = join(folder, 'job.json');
    await writeFile(jobFile, JSON.stringify(job));

    const messages: NativeMessage[] = [];
    const child = join(import.meta.dirname, 'native-child.ts');
    // onnxruntime-node 1.30 reads FP16 tensors only where they are Uint16Array, as before V8 had Float16Array.
    const command = { module: child, args: [jobFile], nodeFlags: ['--no-js-float16array'] };
    const end = await runGuarded(command, request.limits, (message) => messages.push(message as NativeMessage));
    return await collect(job, messages, end === null ? 'it said nothing' : `native onnxruntime ${end}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function collect(job: NativeJob, messages: readonly NativeMessage[], end: string): Promise<NativeAnswers> {
  const conversion = messages.find((message) => message.step === 'converted');
  const conversionFault = conversion ? conversion.fault : end;
  const converted =
    job.convertTo !== null && conversionFault === null
      ? canonicalOrt(new Uint8Array(await readFile(job.convertTo)))
      : { fault: tidy(conversionFault ?? 'was not asked for') };

  const references: Tensor[][] = [];
  for (const [index, sample] of job.samples.entries()) {
    const ran = messages.find((message) => message.step === 'ran' && message.sample === index);
    const fault = ran ? ran.fault : end;
    if (fault !== null) return { converted, references: { fault: tidy(fault) } };
    const { tensors } = decodeFrame(new Uint8Array(await readFile(sample.outputs)));
    references.push(tensors.map((tensor) => fromRuntimeTensor(tensor.name, tensor)));
  }
  return { converted, references };
}
