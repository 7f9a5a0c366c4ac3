// The types of the public API: options of a client and of a call, and the shape of answers.
import type { OnnxRuntime } from './onnx-runtime.ts';
import type { Datatype, InputTensor, OutputTensor } from './tensors.ts';

export interface ClientOptions {
  /** Sent as `Authorization: Bearer …`. */
  apiKey?: string;
  /** The device's id, which keeps it on one side of a canary. */
  deviceKey?: string;
  /** Limit of each attempt in milliseconds; default 10,000. */
  timeoutMs?: number;
  /** Further attempts after no connection, a timeout, 429, 502, 503 or 504; default 2. */
  retries?: number;
  /** Longest wait between attempts in milliseconds; if more is asked for, the call fails or runs locally. Default 5,000. */
  longestWaitMs?: number;
  /** Allows models to run here, when no PoP answers or by choice. */
  local?: LocalOptions;
  /**
   * With each call, tells how long the one before took, how it ended and how many bytes came, and nothing of what was asked;
   * default true.
   */
  tellLatency?: boolean;
  /** Replaces the global `fetch`, for example by a service binding's. */
  fetch?: typeof fetch;
}

export interface LocalOptions {
  /** onnxruntime-web, or anything with its interface. A function is called when a model is first loaded here. */
  ort: OnnxRuntime | (() => OnnxRuntime | Promise<OnnxRuntime>);
  /** Options of `InferenceSession.create`. */
  sessionOptions?: object;
}

export interface CallOptions {
  /** A version or an alias; by default what the model serves. */
  version?: string;
  /** Accepts only an answer from this epoch or a newer one. */
  minEpoch?: number;
  /** Ends the call, waits and retries included; the call rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Replaces the client's for this call. */
  timeoutMs?: number;
  /** Replaces the client's for this call. */
  retries?: number;
}

/** Options of a call that may run here. */
export interface RunOptions extends CallOptions {
  /** `auto` asks the PoP and runs here if it does not answer, provided the client has `local`; default `auto`. */
  at?: 'auto' | 'pop' | 'local';
}

export interface InferOptions extends RunOptions {
  /** Comes back in the answer. */
  id?: string;
  /** Asks only for these outputs. */
  outputs?: readonly string[];
  /** Parameters of the protocol's request, passed on unchanged. */
  parameters?: Readonly<Record<string, string | number | boolean>>;
}

/** A model's datatypes by name, for a typed `infer`. */
export interface ModelTypes {
  inputs: Record<string, Datatype>;
  outputs: Record<string, Datatype>;
}

/** Where an answer comes from. */
export interface Provenance {
  model: string;
  version: string;
  /** Epoch of the route that chose the version. */
  epoch: number;
  /** SHA-256 of the model's bytes. */
  digest: string;
  ranAt: 'pop' | 'local';
  /** Name of the PoP; null if the model ran here. */
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
  /** All versions, or the one that was asked for. */
  versions: string[];
  platform: string;
  inputs: { name: string; datatype: Datatype; shape: number[]; optional?: true | undefined }[];
  outputs: { name: string; datatype: Datatype; shape: number[] }[];
  /** The tensors that may stand in place of the model's own: pictures or texts go in, the answer of the task comes out. */
  pipeline?:
    | {
        task: string;
        inputs: { name: string; datatype: Datatype; shape: number[] }[];
        outputs: { name: string; datatype: Datatype; shape: number[] }[];
      }
    | undefined;
  /** The values of a record, in the order of the model. */
  features: {
    name: string;
    /** How JSON writes a value. */
    type: 'number' | 'integer' | 'boolean' | 'string';
    datatype: Datatype;
    /** The shape of a record's value: `[]` is a single value, `-1` a dimension of any size. */
    shape: number[];
    /** Whether a record may leave it out. */
    optional: boolean;
    /** The most frequent values of the reference data, if they are categories. */
    categories?: string[] | undefined;
    /** The smallest and the largest value of the reference data, if they are measurements. */
    range?: [number, number] | undefined;
  }[];
  /** How many records a request takes: -1 is any number. */
  records: number;
  properties: Record<string, string>;
}
