// What the deployments of wrangler.toml have of their own. Storage that two of them named would be written by both: a trial
// deployment would change what production serves.
import { join } from 'node:path';
import type { Unstable_Config } from 'wrangler';
import { projectRoot } from './project.ts';

/** The top level, which `wrangler deploy` without `--env` deploys, and the environments. */
export const environments = ['', 'staging', 'production'] as const;

export interface Deployment {
  readonly environment: string;
  readonly config: Pick<
    Unstable_Config,
    'name' | 'workers_dev' | 'r2_buckets' | 'kv_namespaces' | 'ratelimits' | 'vars'
  >;
}

/** The id that stands in the file until a namespace has been made. */
const placeholder = /^0+$/;

/** The file of the Worker that runs LiteRT lies beside that of the serving Worker, in every project. */
export const engineFile = 'wrangler.litert.toml';

/** The files of the two Workers that are deployed. */
export const wranglerFiles = ['wrangler.toml', engineFile] as const;

/** wrangler takes a second to import. */
export async function readDeployments(file: (typeof wranglerFiles)[number]): Promise<Deployment[]> {
  const { unstable_readConfig: readConfig } = await import('wrangler');
  const path = join(projectRoot, file);
  return environments.map((environment) => ({ environment, config: readConfig({ config: path, env: environment }) }));
}

/** @returns one sentence for each environment in which LiteRT would read other models than those that are served */
export function otherModels(serving: readonly Deployment[], litert: readonly Deployment[]): string[] {
  return serving.flatMap(({ environment, config }) => {
    const owner = environment === '' ? 'the top level' : environment;
    const behind = litert.find((deployment) => deployment.environment === environment);
    const [wanted, found] = [bucketOf(config), behind && bucketOf(behind.config)];
    if (wanted === found) return [];
    return [
      `wrangler.litert.toml: ${owner} has the bucket ${found ?? '(none)'} as MODELS, wrangler.toml ${wanted ?? '(none)'}; both Workers read the same models`,
    ];
  });
}

function bucketOf({ r2_buckets: buckets }: Deployment['config']): string | undefined {
  const name = buckets.find(({ binding }) => binding === 'MODELS')?.bucket_name;
  return typeof name === 'string' ? `'${name}'` : undefined;
}

/** @returns one sentence for each name or storage that two deployments share */
export function sharedStorage(file: string, deployments: readonly Deployment[]): string[] {
  const owners = new Map<string, string>();
  const shared: string[] = [];
  for (const { environment, config } of deployments) {
    const owner = environment === '' ? 'the top level' : environment;
    const { name, r2_buckets: buckets, kv_namespaces: namespaces, ratelimits } = config;
    const things = [
      `the Worker '${name}'`,
      ...buckets.map(({ bucket_name }) => `the bucket '${bucket_name}'`),
      ...namespaces.filter(({ id = '' }) => !placeholder.test(id)).map(({ id }) => `the KV namespace '${id}'`),
      ...ratelimits.map(({ namespace_id }) => `the rate limit '${namespace_id}'`),
    ];
    for (const thing of things) {
      const other = owners.get(thing);
      if (other !== undefined) shared.push(`${file}: ${owner} and ${other} both have ${thing}; give each its own`);
      else owners.set(thing, owner);
    }
  }
  return shared;
}
