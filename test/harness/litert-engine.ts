// The engine Worker as it is built, alone in workerd, with versions put straight into its bucket.
import type { Manifest } from '../../registry/manifest.ts';
import { manifestText } from '../../registry/manifest.ts';
import { bundleWorker } from '../../scripts/build/bundle.ts';
import { importMiniflare } from '../../scripts/build/operator-tools.ts';
import { convertModel } from '../../scripts/convert-litert/convert.ts';
import { type OnnxModel, readModel, writeModel } from '../../scripts/onnx/model-file.ts';
import { decodeFrame, encodeFrame, type RawTensor } from '../../worker/protocol/raw-frame.ts';
import { withLitert } from './litert.ts';
import { publication, type SmallPublication } from './small-models.ts';

export interface EngineAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Of a run that was answered. */
  readonly tensors: readonly RawTensor[];
  /** Of everything else. */
  readonly json: { readonly error?: string; readonly code?: string };
}

export interface EngineState {
  readonly versions: Readonly<Record<string, { readonly state: string; readonly reason?: string }>>;
  readonly heap: {
    readonly broken: string | null;
    readonly bytes: number;
    readonly usedBytes: number | null;
    readonly budgetBytes: number;
    readonly discardedBytes: number;
    readonly replacements: number;
  };
  readonly memory: { readonly held: Readonly<Record<string, number>> };
}

/** A version of a net with one input `x` and one output, converted for the input's shape. */
export async function convertedVersion(
  name: string,
  version: string,
  source: OnnxModel,
  { output, shape, outputShape, heapBytes }: NetShape,
): Promise<SmallPublication> {
  const onnx = writeModel(source);
  const signature: Manifest['signature'] = {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [...shape] }],
    outputs: [{ name: output, datatype: 'FP32', shape: [...outputShape] }],
  };
  const { bytes } = await convertModel(readModel(onnx), new Map([['x', shape]]));
  const { manifest, blobs } = withLitert(publication(name, version, onnx, signature), shape, bytes);
  const { litert } = manifest.runtime;
  if (litert === undefined) throw new Error('expected runtime.litert');
  const measured = { ...litert, profile: { ...litert.profile, heapBytes } };
  return { manifest: { ...manifest, runtime: { ...manifest.runtime, litert: measured } }, blobs };
}

export interface NetShape {
  readonly output: string;
  readonly shape: readonly number[];
  readonly outputShape: readonly number[];
  /** As its manifest says. */
  readonly heapBytes: number;
}

export class LitertEngine {
  readonly #miniflare: Awaited<ReturnType<typeof startMiniflare>>;

  private constructor(miniflare: Awaited<ReturnType<typeof startMiniflare>>) {
    this.#miniflare = miniflare;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<LitertEngine> {
    return new LitertEngine(await startMiniflare(settings));
  }

  async stop(): Promise<void> {
    await this.#miniflare.dispose();
  }

  async put({ manifest, blobs }: SmallPublication): Promise<void> {
    const bucket = await this.#miniflare.getR2Bucket('MODELS');
    for (const { digest, bytes } of blobs) await bucket.put(blobKey(digest), bytes);
    await bucket.put(`models/${manifest.model}/versions/${manifest.version}.json`, manifestText(manifest));
  }

  /** Puts other bytes in a blob's place. */
  async damage(digest: string, bytes: Uint8Array): Promise<void> {
    const bucket = await this.#miniflare.getR2Bucket('MODELS');
    await bucket.put(blobKey(digest), bytes);
  }

  async run(version: string, inputs: readonly RawTensor[], outputs?: readonly string[]): Promise<EngineAnswer> {
    const extra = outputs === undefined ? {} : { outputs };
    return await this.send('POST', `${pathOf(version)}/run`, encodeFrame({ tensors: inputs, extra }));
  }

  async warm(version: string): Promise<EngineAnswer> {
    return await this.send('POST', `${pathOf(version)}/warm`);
  }

  async state(): Promise<EngineState> {
    return (await this.send('GET', '/state')).json as unknown as EngineState;
  }

  async send(method: string, path: string, body?: Uint8Array<ArrayBuffer>): Promise<EngineAnswer> {
    const url = new URL(path, await this.#miniflare.ready);
    const response = await fetch(url, {
      method,
      headers: { connection: 'close' },
      ...(body === undefined ? {} : { body }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isFrame = response.headers.get('content-type') === 'application/octet-stream';
    return {
      status: response.status,
      retryAfter: response.headers.get('retry-after'),
      tensors: isFrame ? decodeFrame(bytes).tensors : [],
      json: isFrame ? {} : JSON.parse(new TextDecoder().decode(bytes)),
    };
  }
}

async function startMiniflare(settings: Readonly<Record<string, string>>) {
  const { Miniflare } = await importMiniflare();
  const { directory, modules, options } = await bundleWorker('litert');
  return new Miniflare({
    ...options,
    name: 'litert',
    modulesRoot: directory,
    modules: [...modules],
    bindings: { ...settings },
    host: '127.0.0.1',
    port: 0,
    cf: false,
    handleStructuredLogs: () => undefined,
  });
}

function blobKey(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** @param version `model/version` */
function pathOf(version: string): string {
  const [model, number] = version.split('/');
  return `/models/${model}/versions/${number}`;
}
