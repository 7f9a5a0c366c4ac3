// The types of `popserve/worker/litert` in the npm package, where the Worker itself is JavaScript.

/** Bindings and variables of the Worker that runs LiteRT. */
export interface LitertEnv {
  /** The serving Worker's bucket. It is only read. */
  MODELS: R2Bucket;
  /** As the serving Worker's settings of these names. */
  MEMORY_BUDGET_MIB?: string;
  MAX_BODY_MIB?: string;
  MAX_BODY_SECONDS?: string;
}

declare const worker: {
  /** Answers the serving Worker, which reaches it by a service binding. */
  fetch(request: Request, env: LitertEnv, context: ExecutionContext): Promise<Response>;
};

export default worker;
