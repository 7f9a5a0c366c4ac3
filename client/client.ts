// The client of a PoP: inference with tensors or records, metadata, and the choice between the PoP and this place.

import { guard } from './abortable.ts';
import { PopserveError } from './errors.ts';
import { toJson } from './json.ts';
import { type Known, LocalRuns } from './local.ts';
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
} from './options.ts';
import { isPassing, type Received, send } from './send.ts';
import { spellOut } from './tensors.ts';
import { decodeAnswer, encodeRequest } from './wire.ts';

/** A whole model may be on its way. */
const downloadTimeoutMs = 120_000;

export class PopserveClient {
  readonly #base: string;
  readonly #options: ClientOptions;
  readonly #local: LocalRuns | undefined;

  /**
   * @example
   * const client = new PopserveClient('https://pop.example.com', { apiKey });
   * const { outputs } = await client.infer('adder', { x: { data: new Float32Array([1, 2]), shape: [1, 2] } });
   *
   * @param url where the PoPs answer
   */
  constructor(url: string | URL, options: ClientOptions = {}) {
    this.#base = `${url}`.replace(/\/*$/, '/');
    this.#options = options;
    if (options.local) this.#local = new LocalRuns(this.#base, options.local);
  }

  /**
   * Runs a model on tensors, which travel in binary.
   * @typeParam M the model's datatypes, for typed inputs and outputs
   * @throws PopserveError; the reason of `signal` once it is aborted
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
      const received = await this.#send(`${path}/infer`, call, request);
      return { ...provenance(model, received), ...decodeAnswer(received.headers, received.body) };
    };
    const here = async (local: LocalRuns, call: CallOptions) => {
      const known = await this.#lookUp(local, model, call);
      const session = await this.#load(local, model, known, call);
      const outputs = await local.run(session, spelled, options.outputs);
      const { id } = options;
      return { model, ...known, ranAt: 'local', pop: null, ...(id === undefined ? {} : { id }), outputs };
    };

    const { at = 'auto', minEpoch = 0 } = options;
    const local = at === 'pop' ? undefined : this.#local;
    if (at === 'local') {
      if (!local) throw new PopserveError('INVALID_ARGUMENT', "at: 'local' needs the option 'local' of the client");
      return (await here(local, options)) as InferAnswer<M>;
    }
    try {
      // What can run here at once does not wait for a PoP that is away.
      const answer = await atPop(local?.isReady(path, minEpoch) ? { ...options, retries: 0 } : options);
      await local?.learn([path, pathOf(model, answer.version)], answer);
      return answer as InferAnswer<M>;
    } catch (error) {
      if (!local || !(error instanceof PopserveError) || !isPassing(error)) throw error;
      try {
        // A limit holds for the download as well: the wait that it names may be taken once.
        const retries = error.code === 'RATE_LIMITED' ? 1 : 0;
        return (await here(local, { ...options, retries })) as InferAnswer<M>;
      } catch (cause) {
        throw new PopserveError(error.code, error.message, { ...error, cause });
      }
    }
  }

  /**
   * Runs a model at a PoP on records, one prediction each, for models whose inputs are named values.
   * @typeParam P what a prediction holds
   * @throws PopserveError; the reason of `signal` once it is aborted
   */
  predict<P = Record<string, unknown>>(
    model: string,
    instances: readonly Readonly<Record<string, unknown>>[],
    options: CallOptions = {},
  ): Promise<PredictAnswer<P>> {
    return guard(options.signal, async () => {
      const received = await this.#send(`${pathOf(model, options.version)}/infer`, options, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: toJson({ instances }),
      });
      const { predictions } = jsonOf(received) as { predictions: P[] };
      return { ...provenance(model, received), predictions };
    });
  }

  /** Inputs, outputs, versions and properties of a model. */
  metadata(model: string, options: CallOptions = {}): Promise<ModelMetadata> {
    return guard(
      options.signal,
      async () => jsonOf(await this.#send(pathOf(model, options.version), options)) as ModelMetadata,
    );
  }

  /**
   * Downloads and loads what the model serves now, so that it can run here from now on, without a network as well. Where no
   * PoP answers, what was kept from an earlier visit is loaded.
   * @returns what was loaded
   */
  prepare(model: string, options: CallOptions = {}): Promise<Pick<Provenance, 'version' | 'epoch' | 'digest'>> {
    return guard(options.signal, async () => {
      const local = this.#local;
      if (!local) throw new PopserveError('INVALID_ARGUMENT', "prepare() needs the option 'local' of the client");
      const known = await this.#askVersion(local, model, options).catch(async (error) => {
        if (!(error instanceof PopserveError) || !isPassing(error)) throw error;
        return (await local.known(pathOf(model, options.version))) ?? Promise.reject(error);
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
      local.load(path, digest, async () => (await this.#send(path, { ...options, timeoutMs: downloadTimeoutMs })).body);
    // What many share, the signal of the one that began it may have ended.
    return load().catch((error) =>
      error instanceof PopserveError || options.signal?.aborted ? Promise.reject(error) : load(),
    );
  }

  #send(path: string, call: CallOptions, request: RequestInit = {}): Promise<Received> {
    const { apiKey, deviceKey, timeoutMs, retries, longestWaitMs = 5_000, fetch = globalThis.fetch } = this.#options;
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
        // A method of globalThis, that must be called as one.
        fetch: (url, init) => fetch(url, init),
        timeoutMs: call.timeoutMs ?? timeoutMs ?? 10_000,
        retries: call.retries ?? retries ?? 2,
        longestWaitMs,
        signal: call.signal,
      },
    );
  }
}

function pathOf(model: string, version: string | undefined): string {
  const path = `v2/models/${encodeURIComponent(model)}`;
  return version === undefined ? path : `${path}/versions/${encodeURIComponent(version)}`;
}

function provenance(model: string, { headers }: Received): Provenance {
  return {
    model,
    version: headers.get('popserve-version') ?? '',
    epoch: Number(headers.get('popserve-epoch')),
    digest: headers.get('popserve-digest') ?? '',
    ranAt: 'pop',
    pop: headers.get('popserve-pop'),
  };
}

function jsonOf({ body }: Received): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    throw new PopserveError('BAD_ANSWER', `the answer is not JSON: ${cause}`, { cause });
  }
}
