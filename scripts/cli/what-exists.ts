// What there is, for whoever named a model or a version that there is not: most names are mistyped.
import type { Command } from 'commander';
import { PopserveError } from '../../registry/errors.ts';
import { nearest } from '../../registry/nearest.ts';
import type { RegistryClient } from './registry-client.ts';

/** What a command line names in the registry. */
export interface NamedThings {
  readonly model?: string;
  readonly version?: string;
}

/** @param called the command that runs, with its words read */
export function namedBy(called: Command): NamedThings {
  // It asks two registries, and tells by itself what the one has.
  if (called.name() === 'copy') return {};
  const named = new Map(called.registeredArguments.map((arg, at) => [arg.name(), called.processedArgs[at] as unknown]));
  const { name, version: chosen }: { name?: unknown; version?: unknown } = called.opts();
  // publish takes a file as its model, and the model's name as an option.
  const model = called.name() === 'publish' ? name : named.get('model');
  const version = named.get('version') ?? chosen;
  return {
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  };
}

/**
 * @param error of a call that the registry refused
 * @returns the same error, with the models or versions that exist if it says that one does not
 */
export async function withWhatExists(
  error: unknown,
  registry: RegistryClient,
  { model, version }: NamedThings,
): Promise<unknown> {
  if (!(error instanceof PopserveError) || error.code !== 'NOT_FOUND' || model === undefined) return error;
  const known = await tellWhatExists(registry, model, version).catch(() => null);
  return known === null ? error : new PopserveError('NOT_FOUND', `${error.message}; ${known}`, { cause: error });
}

/** Null where neither the model nor the version is what is missing. */
async function tellWhatExists(registry: RegistryClient, model: string, version?: string): Promise<string | null> {
  const models = (await registry.listModels()).map(({ name }) => name);
  if (!models.includes(model)) {
    return models.length === 0 ? 'there are no models yet' : `models there: ${nearest(model, models)}`;
  }
  if (version === undefined) return null;
  const { versions, route, retired } = await registry.showModel(model);
  const existing = versions.map((each) => each.version);
  const aliases = Object.keys(route?.aliases ?? {});
  if (existing.includes(version) || aliases.includes(version)) return null;
  const own = aliases.filter((name) => name !== 'stable' && name !== 'canary');
  return [
    ...(retired?.includes(version) ? [`'${version}' was retired`] : []),
    existing.length === 0 ? `'${model}' has no versions` : `versions of '${model}': ${nearest(version, existing)}`,
    ...(own.length === 0 ? [] : [`aliases: ${nearest(version, own)}`]),
  ].join('; ');
}
