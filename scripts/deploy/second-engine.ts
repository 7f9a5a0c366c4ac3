// The Worker of the second engine, as far as a deployment of the serving Worker has to do with it: which one is bound, and which file
// describes it.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Unstable_Config } from 'wrangler';
import { engineFile } from '../build/environments.ts';

/** The serving Worker's binding. */
const bindingName = 'LITERT';

export interface SecondEngineTarget {
  /** The Worker that is bound; null: none. */
  readonly bound: string | null;
  /** What the file beside describes; null: there is no such file. */
  readonly described: {
    readonly config: string;
    readonly worker: string;
    /** The bucket that it reads models from; null: none. */
    readonly bucket: string | null;
  } | null;
}

type ReadConfig = (args: { config: string; env: string }, options: { hideWarnings: boolean }) => Unstable_Config;

/** @param serving the serving Worker's configuration, of the same environment */
export function readSecondEngine(
  serving: Unstable_Config,
  folder: string,
  environment: string,
  readConfig: ReadConfig,
): SecondEngineTarget {
  const bound = serving.services?.find(({ binding }) => binding === bindingName)?.service ?? null;
  const config = join(folder, engineFile);
  if (!existsSync(config)) return { bound, described: null };
  const { name = '', r2_buckets: buckets } = readConfig({ config, env: environment }, { hideWarnings: true });
  const bucket = buckets.find(({ binding }) => binding === 'MODELS')?.bucket_name;
  return { bound, described: { config, worker: name, bucket: typeof bucket === 'string' ? bucket : null } };
}

/** @returns the file to deploy before the serving Worker; null where there is nothing to deploy */
export function deployedConfig({ bound, described }: SecondEngineTarget): string | null {
  return bound !== null && described?.worker === bound ? described.config : null;
}

interface Faults {
  /** Each ends the deployment before anything is made. */
  readonly stops: readonly string[];
  readonly notes: readonly string[];
}

/**
 * @param file the serving Worker's
 * @param bucket that the serving Worker has its models in
 */
export function secondEngineFaults(
  { bound, described }: SecondEngineTarget,
  file: string,
  bucket: string | undefined,
): Faults {
  if (bound === null) {
    const note = `${file} has no services binding '${bindingName}': the Worker of ${engineFile} is not deployed, and onnxruntime runs every model`;
    return { stops: [], notes: described === null ? [] : [note] };
  }
  if (described === null) {
    const note = `${file} binds ${bindingName} to the Worker ${bound}, which no ${engineFile} beside it describes: the platform refuses the binding unless that Worker is there`;
    return { stops: [], notes: [note] };
  }
  const own = basename(described.config);
  const stops: string[] = [];
  if (described.worker !== bound)
    stops.push(
      `${file} binds ${bindingName} to the Worker ${bound}, and ${own} describes ${described.worker || 'none'}`,
    );
  if (described.bucket !== bucket)
    stops.push(
      `${own} reads models from ${described.bucket ?? 'no bucket MODELS'}, and ${file} keeps them in ${bucket ?? 'none'}`,
    );
  return { stops, notes: [] };
}
