// The versions that the registry has of a model which is about to be published. A dry run writes nothing, so it does without where nobody can be asked.
import type { ModelDetailsAnswer } from '../../registry/api/models.ts';
import { PopserveError } from '../../registry/errors.ts';
import type { Context } from './context.ts';
import { Unreached } from './unreached.ts';

export interface RegisteredVersions {
  /** Null: the model has no version yet, or nobody was asked. */
  readonly details: ModelDetailsAnswer | null;
  /** Sentences about what a dry run could not find out. */
  readonly notes: readonly string[];
}

/**
 * @param options `maxRegression` compares with the version that is served, which must then be known
 * @throws {PopserveError} if the registry refuses, and without `dryRun` also if it is not reached or no token is known
 */
export async function registeredVersions(
  { connection, registry }: Pick<Context, 'connection' | 'registry'>,
  model: string,
  options: { readonly dryRun?: boolean | undefined; readonly maxRegression?: readonly unknown[] | undefined },
): Promise<RegisteredVersions> {
  try {
    return { details: await registry.showModel(model), notes: [] };
  } catch (error) {
    if (!(error instanceof PopserveError)) throw error;
    if (error.code === 'NOT_FOUND') return { details: null, notes: [] };
    const { url, token } = connection.settings;
    const nobodyAsked = token === null || error instanceof Unreached;
    if (!options.dryRun || !nobodyAsked || (options.maxRegression ?? []).length > 0) throw error;
    const without =
      'so the number of the version supposes that there is none yet, and nothing is compared with a version that is served';
    return {
      details: null,
      notes: [`${url.origin} was not asked what it has of ${model}, ${without}: ${error.message}`],
    };
  }
}
