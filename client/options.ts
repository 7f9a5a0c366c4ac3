// What a caller says and gets: the options of a client and of a call, and the shape of answers.
import type { OnnxRuntime } from './onnx-runtime.ts';
import type { Datatype, InputTensor, OutputTensor } from './tensors.ts';

export interface ClientOptions {
  /** Sent as `Authorization: Bearer …`. */
  apiKey?: string;
  /** The device's id: keeps it on one side of a canary. */
  deviceKey?: string;
  /** Each attempt may take this long, in milliseconds. Default 10,000. */
  timeoutMs?: number;
  /** Attempts after the first, where another may help: no connection, 429, 502, 503, 504. Default 2. */
  retries?: number;
  /** A longer wait than this, in milliseconds, is not taken: the call fails, or runs locally. Default 5,000. */
  longestWaitMs?: number;
  /** Run models here when no PoP answers, or by choice. */
  local?: LocalOptions;
  /** Instead of the global `fetch`, such as that of a service binding. */
  fetch?: typeof fetch;
}

export interface LocalOptions {
  /** onnxruntime-web, or anything with its interface; a function is called when a model is first loaded here. */
  ort: OnnxRuntime | (() => OnnxRuntime | Promise<OnnxRuntime>);
  /** Options of `InferenceSession.create`. */
  sessionOptions?: object;
}

export interface CallOptions {
  /** A version or an alias; without it what the model serves by default. */
  version?: string;
  /** Only an answer of this release or a newer one. */
  minEpoch?: number;
  /** Ends the call, waits and retries included. */
  signal?: AbortSignal;
  timeoutMs?: number;
  retries?: number;
}

export interface InferOptions extends CallOptions {
  /** Comes back in the answer. */
  id?: string;
  /** Only these outputs. */
  outputs?: readonly string[];
  /** Parameters of the request, passed on as they are. */
  parameters?: Readonly<Record<string, string | number | boolean>>;
  /** `auto`: at the PoP, and here if it does not answer; default, if the client has `local`. */
  at?: 'auto' | 'pop' | 'local';
}

/** Datatypes of a model's inputs and outputs, for a typed `infer`. */
export interface ModelTypes {
  inputs: Record<string, Datatype>;
  outputs: Record<string, Datatype>;
}

/** What an answer was made of, and where. */
export interface Provenance {
  model: string;
  version: string;
  /** Epoch of the route that the version follows from. */
  epoch: number;
  /** SHA-256 of the model's bytes. */
  digest: string;
  ranAt: 'pop' | 'local';
  /** Name of the PoP; null for what ran here. */
  pop: string | null;
}

export interface InferAnswer<M extends ModelTypes = ModelTypes> extends Provenance {
  id?: string;
  outputs: { [N in keyof M['outputs']]: OutputTensor<M['outputs'][N]> };
}

export type Inputs<M extends ModelTypes> = { readonly [N in keyof M['inputs']]: InputTensor<M['inputs'][N]> };

export interface PredictAnswer<P> extends Provenance {
  predictions: P[];
}

export interface ModelMetadata {
  name: string;
  versions?: string[];
  platform: string;
  inputs: { name: string; datatype: Datatype; shape: number[] }[];
  outputs: { name: string; datatype: Datatype; shape: number[] }[];
  properties: Record<string, string>;
}
