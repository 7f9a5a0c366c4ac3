// The client of a PoP: inference with tensors or records, metadata, and the choice between the PoP and a local run.

import { guard } from './abortable.ts';
import { PopserveError } from './errors.ts';
import { toJson } from './json.ts';
import { type Known, LocalRuns } from './local.ts';
import { jsonOf, pathOf, provenance } from './model-calls.ts';
import type {
  CallOptions,
  ClientOptions,
  InferAnswer,
  InferOptions,
  Inputs,
  ModelMetadata,
  ModelTypes,
  PredictAnswer,
  Provenance,
  RunOptions,
} from './options.ts';
import { isPassing, type Received, send } from './send.ts';
import { type OutputTensor, type Spelled, spellOut } from './tensors.ts';
import { decodeAnswer, encodeRequest } from './wire.ts';

/** Runs a version here, and loads it first if it is not loaded yet. */
export type Run = (
  inputs: ReadonlyMap<string, Spelled>,
  outputs: readonly string[] | undefined,
) => Promise<Record<string, OutputTensor>>;

/** Long enough for a whole model on a slow line. */
const downloadTimeoutMs = 120_000;

export class PopserveClient {
  readonly #base: string;
  readonly #options: ClientOptions;
  readonly #local: LocalRuns | undefined;
  readonly #lastCalls = new Map<string, string>();

  /**
   * Makes a client. It opens no connection until the first call.
   * @example
   * ```ts
   * import { PopserveClient } from 'popserve/client';
   *
   * const client = new PopserveClient('http://127.0.0.1:8787', { deviceKey: 'pump-7', retries: 1 });
   * const { name } = await client.metadata('machine-failure');
   * console.log(name); // machine-failure
   * ```
   * @param url the address of the PoPs
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    this.#base = `${url}`.replace(/\/*$/, '/');
    this.#options = options;
    if (options.local) this.#local = new LocalRuns(this.#base, options.local);
  }

  /**
   * Runs a model on tensors, which are sent in binary.
   * @example
   * ```ts
   * import { PopserveClient } from 'popserve/client';
   *
   * const client = new PopserveClient('http://127.0.0.1:8787');
   * const { outputs, version } = await client.infer('machine-failure', {
   *   type: { data: ['M', 'L'], shape: [2, 1] },
   *   air_temperature: { data: [298.1, 298.9], shape: [2, 1] },
   *   process_temperature: { data: [308.6, 309.1], shape: [2, 1] },
   *   rotational_speed: { data: [1551, 1310], shape: [2, 1] },
   *   torque: { data: [42.8, 64.5], shape: [2, 1] },
   *   tool_wear: { data: [0, 198], shape: [2, 1] },
   * });
   * console.log(version, outputs.failure?.data.join(' ')); // 1 0 1
   * ```
   * @typeParam M the model's datatypes, for typed inputs and outputs
   * @throws {PopserveError} if neither a PoP nor a permitted local run gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  infer<M extends ModelTypes = ModelTypes>(
    model: string,
    inputs: Inputs<M>,
    options: InferOptions = {},
  ): Promise<InferAnswer<M>> {
    return guard(options.signal, () => this.#infer(model, inputs, options));
  }

  async #infer<M extends ModelTypes>(model: string, inputs: Inputs<M>, options: InferOptions): Promise<InferAnswer<M>> {
    const spelled = new Map(Object.entries(inputs).map(([name, tensor]) => [name, spellOut(name, tensor)]));
    const request = { method: 'POST', ...encodeRequest(spelled, options) };
    const path = pathOf(model, options.version);

    const atPop = async (call: CallOptions) => {
      const received = await this.send(`${path}/infer`, call, request);
      return { ...provenance(model, received), ...decodeAnswer(received.headers, received.body) } as InferAnswer<M>;
    };
    const here = async (origin: Provenance, run: Run) => {
      const { id, outputs } = options;
      return { ...origin, ...(id === undefined ? {} : { id }), outputs: await run(spelled, outputs) } as InferAnswer<M>;
    };
    return this.answer(model, options, atPop, here);
  }

  /**
   * Answers at the PoP, here, or here if no PoP does.
   * @param here is told which version runs, and given a function that runs it
   */
  protected async answer<A extends Provenance>(
    model: string,
    options: RunOptions,
    atPop: (call: CallOptions) => Promise<A>,
    here: (origin: Provenance, run: Run) => Promise<A>,
  ): Promise<A> {
    const { at = 'auto', minEpoch = 0 } = options;
    const path = pathOf(model, options.version);
    const local = at === 'pop' ? undefined : this.#local;
    const runHere = async (local: LocalRuns, call: CallOptions) => {
      const known = await this.#lookUp(local, model, call);
      return here({ model, ...known, ranAt: 'local', pop: null }, async (inputs, outputs) =>
        local.run(await this.#load(local, model, known, call), inputs, outputs),
      );
    };
    if (at === 'local') {
      if (!local) throw new PopserveError('INVALID_ARGUMENT', "at: 'local' needs the option 'local' of the client");
      return runHere(local, options);
    }
    try {
      // A model that is loaded here does not wait for further attempts at a PoP.
      const answer = await atPop(local?.isReady(path, minEpoch) ? { ...options, retries: 0 } : options);
      await local?.learn([path, pathOf(model, answer.version)], answer);
      return answer;
    } catch (error) {
      if (!local || !isPassing(error)) throw error;
      try {
        // The rate limit also counts the download, so the wait that it asks for may be taken once.
        const retries = error.code === 'RATE_LIMITED' ? 1 : 0;
        return await runHere(local, { ...options, retries });
      } catch (cause) {
        throw new PopserveError(error.code, error.message, { ...error, cause });
      }
    }
  }

  /**
   * Runs a model at a PoP on records, for models whose inputs are named values. Each record gets one prediction.
   * @example
   * ```ts
   * import { PopserveClient } from 'popserve/client';
   *
   * const client = new PopserveClient('http://127.0.0.1:8787');
   * const { predictions } = await client.predict<{ label: number }>('machine-failure', [
   *   { type: 'L', air_temperature: 298.9, process_temperature: 309.1, rotational_speed: 1310, torque: 64.5, tool_wear: 198 },
   * ]);
   * console.log(predictions[0]?.label); // 1
   * ```
   * @typeParam P the shape of a prediction
   * @throws {PopserveError} if no PoP gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  predict<P = Record<string, unknown>>(
    model: string,
    instances: readonly Readonly<Record<string, unknown>>[],
    options: CallOptions = {},
  ): Promise<PredictAnswer<P>> {
    return guard(options.signal, async () => {
      const received = await this.send(`${pathOf(model, options.version)}/infer`, options, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: toJson({ instances }),
      });
      const { predictions } = jsonOf(received) as { predictions: P[] };
      return { ...provenance(model, received), predictions };
    });
  }

  /**
   * Asks for the inputs, outputs, versions and properties of a model.
   * @example
   * ```ts
   * import { PopserveClient } from 'popserve/client';
   *
   * const client = new PopserveClient('http://127.0.0.1:8787');
   * const { inputs, properties } = await client.metadata('machine-failure', { version: 'stable' });
   * console.log(inputs.length, properties.version); // 6 1
   * ```
   * @throws {PopserveError} if no PoP gives an answer; `code` says why
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  metadata(model: string, options: CallOptions = {}): Promise<ModelMetadata> {
    return guard(
      options.signal,
      async () => jsonOf(await this.send(pathOf(model, options.version), options)) as ModelMetadata,
    );
  }

  /**
   * Downloads and loads the version that the model serves now, so that it can run here without a network. If no PoP answers,
   * the version kept from an earlier visit is loaded.
   * @example
   * ```ts
   * import { PopserveClient } from 'popserve/client';
   *
   * const client = new PopserveClient('http://127.0.0.1:8787', { local: { ort: () => import('onnxruntime-web') } });
   * const { version } = await client.prepare('machine-failure');
   * console.log(version); // 1
   * ```
   * @returns the version that was loaded
   * @throws {PopserveError} INVALID_ARGUMENT without the option `local`; PERMISSION_DENIED if the PoP does not hand out the model;
   *   DIGEST_MISMATCH or LOCAL_FAILED if it does not load; otherwise the failure of the PoP
   * @throws {unknown} the reason of `signal`, once it is aborted
   */
  prepare(model: string, options: CallOptions = {}): Promise<Pick<Provenance, 'version' | 'epoch' | 'digest'>> {
    return guard(options.signal, async () => {
      const local = this.#local;
      if (!local) throw new PopserveError('INVALID_ARGUMENT', "prepare() needs the option 'local' of the client");
      const known = await this.#askVersion(local, model, options).catch(async (error) => {
        const kept = isPassing(error) && (await local.known(pathOf(model, options.version)));
        return kept || Promise.reject(error);
      });
      await this.#load(local, model, known, options);
      return known;
    });
  }

  async #lookUp(local: LocalRuns, model: string, options: CallOptions): Promise<Known> {
    const known = await local.known(pathOf(model, options.version));
    return known && known.epoch >= (options.minEpoch ?? 0) ? known : await this.#askVersion(local, model, options);
  }

  async #askVersion(local: LocalRuns, model: string, options: CallOptions): Promise<Known> {
    const { properties } = await this.metadata(model, options);
    const { version = '', digest = '' } = properties;
    const known = { version, digest, epoch: Number(properties.epoch) };
    await local.learn([pathOf(model, options.version), pathOf(model, version)], known);
    return known;
  }

  #load(local: LocalRuns, model: string, { version, digest }: Known, options: CallOptions) {
    const path = `${pathOf(model, version)}/artifact?digest=${digest}`;
    const load = () =>
      local.load(path, digest, async () => (await this.send(path, { ...options, timeoutMs: downloadTimeoutMs })).body);
    // The download is shared: the signal of the call that started it may have aborted it.
    return load().catch((error) =>
      error instanceof PopserveError || options.signal?.aborted ? Promise.reject(error) : load(),
    );
  }

  /** A call of the HTTP API, with everything that the options of the client and of the call ask for. */
  protected send(path: string, call: CallOptions, request: RequestInit = {}): Promise<Received> {
    const {
      apiKey,
      deviceKey,
      timeoutMs,
      retries,
      longestWaitMs = 5_000,
      fetch = globalThis.fetch,
      tellLatency = true,
    } = this.#options;
    const headers = {
      ...(request.headers as Record<string, string>),
      ...(apiKey && { authorization: `Bearer ${apiKey}` }),
      ...(deviceKey && { 'popserve-key': deviceKey }),
      ...(call.minEpoch && { 'popserve-min-epoch': `${call.minEpoch}` }),
    };
    return send(
      this.#base + path,
      { ...request, headers },
      {
        fetch,
        timeoutMs: call.timeoutMs ?? timeoutMs ?? 10_000,
        retries: call.retries ?? retries ?? 2,
        longestWaitMs,
        signal: call.signal,
      },
      // Inference only: downloads and metadata say nothing of how long callers wait.
      request.method && tellLatency ? this.#lastCalls : undefined,
    );
  }
}
