// How each contestant is started.
import { type MeasuredWorker, startMeasured } from './measured-worker.ts';
import type { BenchModel } from './models.ts';
import { startNodePeer } from './node-peer.ts';
import { binaryRequest, elementsRequest, inferPath, jsonRequest } from './requests.ts';
import type { BenchContext } from './section.ts';

/** A request of one way to ask a server. */
export interface Contestant {
  readonly server: Server;
  readonly request: Buffer;
}

interface Server {
  readonly port: number;
}

interface StartOptions {
  readonly inspect?: boolean;
  readonly onLog?: (line: string) => void;
  /** Over the settings of wrangler.toml. */
  readonly settings?: Readonly<Record<string, string>>;
  /** With the Worker that runs LiteRT behind it. */
  readonly litert?: boolean;
}

/** The serving Worker with all models of the shelf in its registry. */
export function startPopserve(
  { bundles, models }: BenchContext,
  { litert = false, ...options }: StartOptions = {},
): Promise<MeasuredWorker> {
  return startMeasured({
    ...options,
    ...(litert ? { litert: bundles.litert } : {}),
    worker: bundles.popserve,
    telemetry: true,
    settings: { ...bundles.settings, ...options.settings },
    store: { worker: bundles.diskStore, directory: models.store.directory },
  });
}

/** @param served the model of /infer */
export function startStock(
  { bundles, models }: BenchContext,
  served: BenchModel,
  options: Omit<StartOptions, 'litert'> = {},
): Promise<MeasuredWorker> {
  return startMeasured({
    ...options,
    worker: bundles.stock,
    settings: { MODEL_KEY: `onnx/${served.name}` },
    store: { worker: bundles.diskStore, directory: models.store.directory },
  });
}

/** Labels pictures. @param served with one input and one output */
export function startStockPictures(
  { bundles, models }: BenchContext,
  { name, manifest: { signature } }: BenchModel,
  labelsKey: string,
): Promise<MeasuredWorker> {
  const settings = {
    MODEL_KEY: `onnx/${name}`,
    LABELS_KEY: labelsKey,
    INPUT: signature.inputs[0]?.name ?? '',
    OUTPUT: signature.outputs[0]?.name ?? '',
  };
  const store = { worker: bundles.diskStore, directory: models.store.directory };
  return startMeasured({ worker: bundles.stockPictures, settings, store });
}

/** The Worker that runs LiteRT, alone: nothing but a call of its state reaches it. */
export function startLiteRt({ bundles, models }: BenchContext): Promise<MeasuredWorker> {
  const store = { worker: bundles.diskStore, directory: models.store.directory };
  return startMeasured({ worker: bundles.litert, store });
}

export function startBare(
  { bundles }: BenchContext,
  options: Omit<StartOptions, 'litert'> = {},
): Promise<MeasuredWorker> {
  return startMeasured({ ...options, worker: bundles.bare });
}

/** Everything that a small model is measured in. */
export async function startAll(context: BenchContext, model: BenchModel) {
  return {
    popserve: await startPopserve(context),
    stock: await startStock(context, model),
    bare: await startBare(context),
    native: await startNodePeer('native', model),
    'node-wasm': await startNodePeer('wasm', model),
  };
}

/** One inference of the model in every way that the servers take it. */
export function inferences(
  running: Readonly<Partial<Record<'popserve' | 'stock' | 'bare' | 'native' | 'node-wasm', Server>>>,
  model: BenchModel,
): Record<string, Contestant> {
  const { inputs } = model;
  const ways: Record<string, [Server | undefined, Buffer]> = {
    'popserve, binary': [running.popserve, binaryRequest(inferPath(model), inputs)],
    'popserve, JSON': [running.popserve, jsonRequest(inferPath(model), inputs)],
    'bare, elements': [running.bare, elementsRequest('/infer', inputs)],
    'stock, JSON': [running.stock, jsonRequest('/infer', inputs)],
    'native, binary': [running.native, binaryRequest('/infer', inputs)],
    'native, JSON': [running.native, jsonRequest('/infer', inputs)],
    'node-wasm, binary': [running['node-wasm'], binaryRequest('/infer', inputs)],
    'node-wasm, JSON': [running['node-wasm'], jsonRequest('/infer', inputs)],
  };
  return Object.fromEntries(
    Object.entries(ways).flatMap(([name, [server, request]]) => (server ? [[name, { server, request }]] : [])),
  );
}

/** The part of a manifest that the bare Worker needs to load a model. */
export function loadQuery({ manifest }: BenchModel, profile: 'fast' | 'lean'): Record<string, string> {
  return {
    format: manifest.artifacts.model.format,
    profile,
    optimization: manifest.runtime.graphOptimization,
  };
}

/** Stops all, also after a failure in the middle. */
export async function stopAll(running: Readonly<Record<string, { stop(): Promise<void> }>>): Promise<void> {
  await Promise.all(Object.values(running).map((one) => one.stop()));
}
