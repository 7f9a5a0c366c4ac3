// The part of onnxruntime's interface that the client uses; onnxruntime-web and onnxruntime-node both have it.

export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface RuntimeSession {
  run(feeds: Record<string, never>, fetches: readonly string[]): Promise<Record<string, RuntimeTensor>>;
  readonly outputNames: readonly string[];
  release(): Promise<void>;
}

export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<RuntimeSession> };
  readonly Tensor: new (type: never, data: never, dims: readonly number[]) => RuntimeTensor;
}
