// Which steps a version has between pictures or texts and its tensors. The PoP tells them once; they are kept for visits without a
// network if models may run here.
import type { ModelConfig } from '../../registry/api/metadata.ts';
import type { Pipeline } from '../../registry/pipeline/pipeline.ts';
import { openStore, put, type Store } from '../artifact-cache.ts';
import { PopserveError } from '../errors.ts';
import { pathOf } from '../model-calls.ts';
import type { CallOptions } from '../options.ts';
import { keepNewest } from './kept.ts';

export interface Described {
  readonly model: string;
  readonly version: string;
  readonly digest: string;
  /** Null for a version that takes tensors only. */
  readonly pipeline: Pipeline | null;
  /** The digest of what makes numbers of texts; null for a version that takes none. */
  readonly tokenizer: string | null;
}

/** Asks a PoP for the configuration below a path. */
type AskConfig = (path: string, call: CallOptions) => Promise<unknown>;

export class Pipelines {
  readonly #askConfig: AskConfig;
  /** URL of the PoP, ending with `/`. */
  readonly #base: string;
  readonly #store: Promise<Store> | null;
  /** By the path of a model, version or alias. */
  readonly #known = new Map<string, Described>();

  /** @param keep whether to keep them beyond this page */
  constructor(base: string, keep: boolean, askConfig: AskConfig) {
    this.#base = base;
    this.#store = keep ? openStore() : null;
    this.#askConfig = askConfig;
  }

  /** Steps of the version that the PoP names now, or did when it was asked last. */
  async served(model: string, call: CallOptions): Promise<Described> {
    const path = pathOf(model, call.version);
    return this.#known.get(path) ?? this.#learn(path, await this.#ask(model, path, call));
  }

  /** Steps of the version that answered, or is to run here. */
  async of(model: string, { version, digest }: { version: string; digest: string }, call: CallOptions) {
    const path = pathOf(model, version);
    const known = this.#known.get(path) ?? (await this.#restore(path));
    if (known?.digest === digest) return this.#learn(path, known);
    return this.#learn(path, await this.#ask(model, path, call));
  }

  /** Another version answers now. */
  moved(model: string, version: string | undefined, described: Described): void {
    this.#known.set(pathOf(model, version), described);
  }

  #learn(path: string, described: Described): Described {
    this.#known.set(path, described);
    return described;
  }

  async #ask(model: string, path: string, call: CallOptions): Promise<Described> {
    const described = describedBy(model, await this.#askConfig(`${path}/config`, call));
    this.#known.set(pathOf(model, described.version), described);
    await this.#keep(described);
    return described;
  }

  #keptUrl(path: string): string {
    return `${this.#base}${path}/config`;
  }

  async #restore(path: string): Promise<Described | undefined> {
    const kept = await (await this.#store)?.match(this.#keptUrl(path));
    return (await kept?.json()) as Described | undefined;
  }

  async #keep(described: Described): Promise<void> {
    const store = await this.#store;
    if (!store) return;
    await put(store, this.#keptUrl(pathOf(described.model, described.version)), JSON.stringify(described));
    const versions = `${this.#base}${pathOf(described.model, undefined)}/versions/`;
    await keepNewest(store, (url) => url.startsWith(versions) && url.endsWith('/config'));
  }
}

function describedBy(model: string, answer: unknown): Described {
  try {
    const { version_policy, parameters } = answer as ModelConfig;
    const { pipeline, tokenizer } = parameters;
    return {
      model,
      version: version_policy.specific.versions[0] ?? '',
      digest: parameters.digest?.string_value ?? '',
      pipeline: pipeline ? (JSON.parse(pipeline.string_value) as Pipeline) : null,
      tokenizer: tokenizer?.string_value ?? null,
    };
  } catch (cause) {
    throw new PopserveError('BAD_ANSWER', `the answer is not a model's configuration: ${cause}`, { cause });
  }
}
