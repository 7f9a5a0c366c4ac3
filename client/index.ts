// The entry of popserve/client: inference from browsers, devices, Node, Deno and Workers, without dependencies. docs/client.md is
// its manual.
export { PopserveClient } from './client.ts';
export { type ErrorCode, PopserveError } from './errors.ts';
export type { OnnxRuntime } from './onnx-runtime.ts';
export type {
  CallOptions,
  ClientOptions,
  InferAnswer,
  InferOptions,
  LocalOptions,
  ModelMetadata,
  ModelTypes,
  PredictAnswer,
  Provenance,
} from './options.ts';
export type { Datatype, InputTensor, OutputTensor } from './tensors.ts';
