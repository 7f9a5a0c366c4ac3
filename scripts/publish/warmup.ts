// The manifest's sample input: what the Worker runs once after a load. Small values stand in the manifest, large ones become zeros.
import type { Manifest } from '../../registry/manifest.ts';
import { type Datatype, elementBytes, elementCount } from '../../registry/signature.ts';
import { elementsOf } from '../../worker/protocol/elements.ts';
import { encodeJsonData } from '../../worker/protocol/encode-json-data.ts';
import type { Tensor } from '../../worker/protocol/tensor.ts';
import type { Artifact, Optimization } from '../inspect/artifact.ts';
import type { Inspector } from '../inspect/inspector.ts';
import { WasmModel } from '../inspect/wasm-model.ts';
import type { Original } from './original.ts';
import type { PreparationSettings } from './settings.ts';

type Warmup = NonNullable<Manifest['warmup']>;
type WarmupData = NonNullable<Warmup[number]['data']>;

/** Most elements of all inputs together: a routed manifest is copied into every route. */
const maxJsonBytes = 4096;

export interface WarmupPlan {
  readonly warmup: Warmup;
  /** The tensors that the Worker will make of it: tried before they are promised. */
  readonly tensors: readonly Tensor[];
  /** Whether any input differs from the sample. */
  readonly hasZeros: boolean;
}

/** Smallest inputs first: those are the ones where zero is least likely to do (a sample rate, a length). */
export function planWarmup(inputs: readonly Tensor[]): WarmupPlan {
  let left = maxJsonBytes;
  const inline = new Map<string, WarmupData>();
  const bySize = [...inputs].sort((a, b) => elementCount(a.shape) - elementCount(b.shape));
  for (const input of bySize) {
    if (elementCount(input.shape) > left) continue;
    const data = jsonData(input);
    const bytes = data === null ? left + 1 : Buffer.byteLength(JSON.stringify(data));
    if (data === null || bytes > left) continue;
    inline.set(input.name, data);
    left -= bytes;
  }
  const warmup = inputs.map(({ name, shape }) => {
    const data = inline.get(name);
    return { name, shape: [...shape], ...(data === undefined ? {} : { data }) };
  });
  const tensors = inputs.map((input) => (inline.has(input.name) ? input : { ...input, data: zeros(input) }));
  return { warmup, tensors, hasZeros: inline.size < inputs.length };
}

/** @returns the sample input for the manifest; null where no run of it is to be promised */
export async function makeWarmup(
  inspector: Inspector,
  artifact: Artifact,
  optimization: Optimization,
  { samples }: Original,
  settings: PreparationSettings,
  note: (text: string) => void,
): Promise<Manifest['warmup']> {
  const [sample] = samples;
  if (!sample) return null;
  const plan = planWarmup(sample.inputs);
  if (!plan.hasZeros) return plan.warmup;
  const { memoryBudgetMib: heapLimitMib, timeoutMs } = settings;
  try {
    const options = { format: artifact.format, profile: 'lean', optimization, heapLimitMib, timeoutMs } as const;
    await (await WasmModel.load(inspector, artifact.bytes, options)).run(plan.tensors);
    return plan.warmup;
  } catch {
    note('no warm-up: the sample inputs are too large for the manifest, and the model does not run on zeros');
    return null;
  }
}

/** Flat JSON values, or null where JSON has none: NaN, infinities, bytes that are no text. */
function jsonData(tensor: Tensor): WarmupData | null {
  const { datatype, data } = tensor;
  if (data instanceof Uint8Array && (datatype === 'INT64' || datatype === 'UINT64')) {
    return Array.from(elementsOf(datatype, data) as Iterable<bigint>, (value) =>
      Number.isSafeInteger(Number(value)) ? Number(value) : String(value),
    );
  }
  try {
    const values = JSON.parse(encodeJsonData(tensor, tensor.name)) as (WarmupData[number] | null)[];
    return values.includes(null) ? null : (values as WarmupData);
  } catch {
    return null;
  }
}

function zeros({ datatype, shape }: Pick<Tensor, 'shape'> & { datatype: Datatype }): Tensor['data'] {
  const count = elementCount(shape);
  if (datatype === 'BYTES') return Array.from({ length: count }, () => new Uint8Array());
  return new Uint8Array(elementBytes[datatype] * count);
}
