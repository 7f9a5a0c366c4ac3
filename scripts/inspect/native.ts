// Native onnxruntime in a process of its own: converts a model to ORT format and runs the original for reference answers.
import { rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from '../../worker/protocol/raw-frame.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import { fromRuntimeTensor, toRuntimeTensor } from '../../worker/runtime/tensors.ts';
import { onProcessEnd } from '../build/process-end.ts';
import { processModule } from '../build/project.ts';
import { canonicalOrt } from '../onnx/canonical-ort.ts';
import { type GuardLimits, runGuarded } from './guarded-process.ts';
import { tidy } from './refusal.ts';

/** The child's task, in `job.json` of its folder; tensors lie beside it as raw frames. */
export interface NativeJob {
  readonly model: string;
  readonly convertTo: string | null;
  readonly samples: readonly { readonly inputs: string; readonly outputs: string }[];
}

/** The child's messages, one per step. */
export type NativeMessage =
  | { readonly step: 'converted'; readonly fault: string | null }
  /** Waits for an answer before it reads the inputs of this sample. */
  | { readonly step: 'wants'; readonly sample: number }
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
  /** Read one after the other, so that only one is in memory and on the disk at a time. */
  readonly samples: readonly (() => Promise<readonly Tensor[]>)[];
  readonly limits: GuardLimits;
}

/** Never fails because of the model: what did not work is said in the answer. Fails with what reading a sample fails with. */
export async function runNative(request: NativeRequest): Promise<NativeAnswers> {
  const folder = await mkdtemp(join(tmpdir(), 'popserve-publish-'));
  using _ = onProcessEnd(() => rmSync(folder, { recursive: true, force: true }));
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
    const jobFile = join(folder, 'job.json');
    await writeFile(jobFile, JSON.stringify(job));

    const answers: Answers = { converted: null, samples: [] };
    const child = processModule('scripts/inspect/native-child.ts');
    // onnxruntime-node 1.30 reads FP16 tensors only where they are Uint16Array, as before V8 had Float16Array.
    const command = { module: child, args: [jobFile], nodeFlags: ['--no-js-float16array'] };
    const end = await runGuarded(command, request.limits, (message) =>
      attend(message as NativeMessage, job, request, answers),
    );
    return await collect(job, answers, end === null ? 'it said nothing' : `native onnxruntime ${end}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Answers {
  converted: { readonly fault: string | null } | null;
  readonly samples: (readonly Tensor[] | { readonly fault: string })[];
}

/** @returns true where the child waits for it */
async function attend(
  message: NativeMessage,
  { samples }: NativeJob,
  request: NativeRequest,
  answers: Answers,
): Promise<boolean> {
  if (message.step === 'converted') {
    answers.converted = message;
    return false;
  }
  const files = samples[message.sample];
  if (files === undefined) return false;
  if (message.step === 'wants') {
    const tensors = ((await request.samples[message.sample]?.()) ?? []).map(toRuntimeTensor);
    await writeFile(files.inputs, encodeFrame({ tensors, extra: {} }));
    return true;
  }
  const { sample, fault } = message;
  answers.samples[sample] = fault === null ? await readTensors(files.outputs) : { fault };
  await Promise.all([rm(files.inputs, { force: true }), rm(files.outputs, { force: true })]);
  return false;
}

async function readTensors(file: string): Promise<Tensor[]> {
  const { tensors } = decodeFrame(new Uint8Array(await readFile(file)));
  return tensors.map((tensor) => fromRuntimeTensor(tensor.name, tensor));
}

async function collect(job: NativeJob, answers: Answers, end: string): Promise<NativeAnswers> {
  const conversionFault = answers.converted ? answers.converted.fault : end;
  const converted =
    job.convertTo !== null && conversionFault === null
      ? canonicalOrt(new Uint8Array(await readFile(job.convertTo)))
      : { fault: tidy(conversionFault ?? 'was not asked for') };

  const references: (readonly Tensor[])[] = [];
  for (const index of job.samples.keys()) {
    const answer = answers.samples[index] ?? { fault: end };
    if ('fault' in answer) return { converted, references: { fault: tidy(answer.fault) } };
    references.push(answer);
  }
  return { converted, references };
}
