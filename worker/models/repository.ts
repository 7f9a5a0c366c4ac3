// The model repository extension: the versions in the registry with their state here; load and unload.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
import type { RepositoryIndex } from '../../registry/api/repository.ts';
import { invalid, PopserveError } from '../../registry/errors.ts';
import type { Spend } from '../../registry/model-catalog.ts';
import type { Isolate } from '../isolate.ts';
import { describeValue } from '../protocol/describe.ts';
import { isAbsent, readBoolean, readObject, readParameters } from '../protocol/fields.ts';
import type { RequestScope } from '../request-scope.ts';
import { warmVersion } from '../runtime/engines.ts';
import { type Operator, release } from './release.ts';

/**
 * Every version in the registry. One that is not loaded here is READY all the same: it is loaded on demand.
 * @param options.only of these models; null: of all
 * @param spend told how many operations of storage that has cost
 */
export async function modelIndex(
  { registry, models }: Isolate,
  { readyOnly, only }: { readyOnly: boolean; only: ReadonlySet<string> | null },
  spend: Spend,
): Promise<RepositoryIndex> {
  const versionsOf = await registry.versionsOf(await registry.modelNames(only, spend), spend);
  const states = models.states();
  const entries = [...versionsOf].flatMap(([name, versions]) =>
    versions.map((version): RepositoryIndex[number] => {
      const state = states.get(`${name}/${version}`);
      return {
        ...{ name, version, state: state?.state ?? 'READY' },
        reason: state?.state === 'UNAVAILABLE' ? state.reason : '',
      };
    }),
  );
  return entries.filter(({ state }) => !readyOnly || state === 'READY');
}

/**
 * Reads what an index call asks for from its body.
 * @throws PopserveError INVALID_ARGUMENT
 */
export function readIndexRequest(body: unknown): { readyOnly: boolean } {
  return { readyOnly: readBoolean(readObject(body, 'the body').ready, "'ready'") ?? false };
}

/**
 * @param body of a load or unload
 * @returns the version or alias that it asks for; null if it names none
 * @throws PopserveError UNSUPPORTED for a model in the request itself, INVALID_ARGUMENT
 */
function readRepositoryRequest(body: unknown): string | null {
  if (isAbsent(body)) return null;
  const parameters = readParameters(readObject(body, 'the body').parameters, "'parameters'");
  const given = Object.keys(parameters).find((key) => key === 'config' || key.startsWith('file:'));
  if (given !== undefined) {
    throw new PopserveError(
      'UNSUPPORTED',
      `'parameters': '${given.slice(0, 64)}' is not supported: a model comes from the registry, where 'npx popserve publish' puts it`,
    );
  }
  const { version } = parameters;
  if (version === undefined) return null;
  if (typeof version !== 'string')
    throw invalid(`'parameters': version is ${describeValue(version)}, expected a string`);
  return version;
}

/**
 * Loads and warms a version here, and releases it if the model has no active version. It never replaces an active version: that
 * is what a route of the control plane does, with its history and rollback.
 * @param asked.body may name a version or alias; otherwise the active version is meant, else the one that was published last
 * @throws PopserveError NOT_FOUND, UNAVAILABLE with the reason if it cannot be loaded; then nothing has changed
 */
export async function loadModel(
  isolate: Isolate,
  asked: { model: string; body: unknown },
  operator: Operator,
  scope: RequestScope,
): Promise<void> {
  try {
    await load(isolate, asked, operator, scope);
  } catch (error) {
    throw error instanceof PopserveError ? loadFault(asked.model, error) : error;
  }
}

/** Clients of Triton know by these words that loading failed, whatever the reason is. */
const failed = 'failed to load';

function loadFault(model: string, error: PopserveError): PopserveError {
  const { code, message, retryAfterSeconds, contract } = error;
  if (message.includes(failed)) return error;
  return new PopserveError(code, `${failed} '${model}': ${message}`, {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(contract === undefined ? {} : { contract }),
    cause: error,
  });
}

async function load(
  isolate: Isolate,
  { model, body }: { model: string; body: unknown },
  operator: Operator,
  scope: RequestScope,
): Promise<void> {
  const requested = readRepositoryRequest(body);
  const { registry, routes } = isolate;
  const { route, versions } = await registry.showModel(model);
  const stable = route?.aliases.stable;
  const wanted = requested ?? stable ?? versions[0]?.version;
  if (wanted === undefined) throw new PopserveError('NOT_FOUND', `model '${model}' has no version in the registry`);
  const { manifest } = await routes.resolve({ model, requested: wanted, minEpoch: null, key: '' }, scope);
  await warmVersion(isolate, manifest, scope);
  const { version } = manifest;
  operator.note('loaded', { model, version });
  if (stable !== undefined) return;
  const action = { action: 'activate', version, reason: 'loaded through the model repository' } as const;
  await release(isolate, { model, action, ifMatchEpoch: route?.epoch ?? 0 }, operator, scope);
}

/**
 * Frees the memory that versions of a model take here. Routes stay as they are: the next request for it loads it again.
 * @param asked.body may name a version or alias; otherwise every version of the model is meant
 * @throws PopserveError NOT_FOUND
 */
export async function unloadModel(
  isolate: Isolate,
  { model, body }: { model: string; body: unknown },
  operator: Operator,
  scope: RequestScope,
): Promise<void> {
  const requested = readRepositoryRequest(body);
  if (requested === null) {
    await isolate.registry.requireModel(model);
    unload(isolate, model, null);
  } else {
    const { manifest } = await isolate.routes.resolve({ model, requested, minEpoch: null, key: '' }, scope);
    unload(isolate, model, manifest.version);
  }
  operator.note('unloaded', { model, version: requested });
}

/** The second engine's Worker gives up room by itself, as others need it. */
function unload({ models, litert }: Isolate, model: string, version: string | null): void {
  models.unload(model, version);
  litert?.forget(model, version);
}
