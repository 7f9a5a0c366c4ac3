// The call of the Worker that runs LiteRT, behind a service binding: a run with its tensors, and warming a version. Whether it is called
// at all, and what happens if it fails, is decided in second-engine.ts.
import type { Manifest } from '../../registry/manifest.ts';
import { elementBytes, elementCount } from '../../registry/signature.ts';
import { describeShape } from '../protocol/describe.ts';
import { elementTypeName, elementTypeOf } from '../protocol/element-type.ts';
import { decodeFrame, encodeFrame, type SentTensor } from '../protocol/raw-frame.ts';
import type { Tensor } from '../protocol/tensor.ts';

/** A service binding is one. */
export interface LitertService {
  fetch(url: string, init: { method: 'POST'; body?: Uint8Array<ArrayBuffer>; signal: AbortSignal }): Promise<Response>;
}

/** It answered, and not with what it was asked for. */
export class LitertRefusal extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`it answered ${status}: ${reason}`);
    this.status = status;
  }
}

/** Longer than any run that a PoP is asked for. A run that has not come back by then is onnxruntime's to answer. */
const runMs = 10_000;
/** A warm-up brings the module, the engine and the model with it; no request waits for it. */
const warmMs = 30_000;

const mostReasonCharacters = 300;

/** The body of a run. @param names the outputs to compute */
export function encodeRun(inputs: readonly SentTensor[], names: readonly string[]): Uint8Array<ArrayBuffer> {
  return encodeFrame({ tensors: inputs, extra: { outputs: names } });
}

/** @returns the answer as it came, for {@link readOutputs} */
export async function callRun(
  service: LitertService,
  { model, version }: Manifest,
  body: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await call(service, `/models/${model}/versions/${version}/run`, runMs, body);
  return new Uint8Array(await answer.arrayBuffer());
}

/** Has the version loaded there and run once. */
export async function callWarm(service: LitertService, { model, version }: Manifest): Promise<void> {
  const answer = await call(service, `/models/${model}/versions/${version}/warm`, warmMs);
  await answer.arrayBuffer();
}

/**
 * @param names the outputs that were asked for
 * @returns views on the answer, in the order of the names
 * @throws {Error} where it has not what the version's signature says
 */
export function readOutputs(
  { signature }: Manifest,
  names: readonly string[],
  answer: Uint8Array<ArrayBuffer>,
): Tensor[] {
  const { tensors } = decodeFrame(answer);
  return names.map((name) => {
    const spec = signature.outputs.find((output) => output.name === name);
    const tensor = tensors.find((output) => output.name === name);
    if (spec === undefined || tensor === undefined) throw new Error(`it answered without the output '${name}'`);
    const { elementType, shape, data } = tensor;
    const { datatype } = spec;
    const fits =
      elementType === elementTypeOf(datatype) &&
      shape.length === spec.shape.length &&
      shape.every((size, axis) => spec.shape[axis] === -1 || spec.shape[axis] === size) &&
      data instanceof Uint8Array &&
      data.length === elementCount(shape) * elementBytes[datatype];
    if (fits) return { name, datatype, shape, data };
    throw new Error(
      `it answered the output '${name}' as ${elementTypeName(elementType)} ${describeShape(shape)} in ${data.length} bytes, expected ${datatype} ${describeShape(spec.shape)}`,
    );
  });
}

async function call(
  service: LitertService,
  path: string,
  withinMs: number,
  body?: Uint8Array<ArrayBuffer>,
): Promise<Response> {
  const answer = await service.fetch(`http://litert${path}`, {
    method: 'POST',
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(withinMs),
  });
  if (answer.status === 200) return answer;
  throw new LitertRefusal(answer.status, (await answer.text()).slice(0, mostReasonCharacters));
}
