// The calls of the platform's API that wrangler makes for a Worker: recorded with wrangler 4.116 and answered from an account.
// A call that is not listed is refused and logged, so that a new wrangler that calls something else is noticed.
import type { Account, Deployment, Script, Version } from './account.ts';
import { findVersion } from './account.ts';
import type { Edge } from './edge.ts';
import { ApiRefusal } from './refusal.ts';
import { readUpload } from './upload.ts';

export interface ApiRequest {
  readonly method: string;
  /** Below `/client/v4/`. */
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/** What a call is called in the log and in faults, and what it answers as `result`. */
export interface ApiCall {
  readonly name: string;
  act(): Promise<unknown> | unknown;
}

interface Parts {
  readonly account: Account;
  readonly edge: Edge;
  readonly request: ApiRequest;
  /** Values of the braces in the pattern, in order. */
  readonly values: readonly string[];
}

/** The author that the API names in every list. */
const author = 'double@example.com';

const routes: readonly (readonly [pattern: string, act: (parts: Parts) => Promise<unknown> | unknown])[] = [
  ['GET accounts', ({ account }) => [{ id: account.id, name: 'double' }]],
  ['GET memberships', ({ account }) => [{ account: { id: account.id, name: 'double' } }]],
  ['GET user', () => ({ email: author })],
  ['POST graphql', () => ({ viewer: { accounts: [] } })],

  [
    'GET r2/buckets',
    ({ account }) => ({ buckets: [...account.buckets.keys()].map((name) => bucketOf(account, name)) }),
  ],
  ['GET r2/buckets/{bucket}', ({ account, values: [name = ''] }) => bucketOf(account, name)],
  [
    'POST r2/buckets',
    ({ account, request }) => {
      const { name } = json<{ name: string }>(request);
      account.createBucket(name);
      return bucketOf(account, name);
    },
  ],

  ['GET storage/kv/namespaces', ({ account }) => [...account.namespaces].map(([id, title]) => ({ id, title }))],
  [
    'POST storage/kv/namespaces',
    ({ account, request }) => {
      const { title } = json<{ title: string }>(request);
      return { id: account.createNamespace(title), title, supports_url_encoding: true };
    },
  ],

  ['GET workers/subdomain', () => ({ subdomain: 'double' })],
  [
    'GET workers/scripts',
    ({ account }) =>
      [...account.scripts.values()].map(({ name, migrationTag }) => ({ id: name, migration_tag: migrationTag })),
  ],
  [
    'GET workers/services/{script}',
    ({ account, values: [name = ''] }) => {
      const { tags } = account.script(name);
      const script = { id: name, tag: name, tags, last_deployed_from: 'wrangler' };
      return { id: name, default_environment: { environment: 'production', script } };
    },
  ],
  [
    'GET workers/scripts/{script}/settings',
    ({ account, values: [name = ''] }) => ({ bindings: account.script(name).versions.at(-1)?.upload.bindings ?? [] }),
  ],
  [
    'GET workers/scripts/{script}/secrets',
    ({ account, values: [name = ''] }) => {
      const bindings = account.script(name).versions.at(-1)?.upload.bindings ?? [];
      return bindings.flatMap((binding) =>
        binding.type === 'secret_text' ? { name: binding.name, type: binding.type } : [],
      );
    },
  ],
  ['PUT workers/scripts/{script}', uploadAndDeploy],
  [
    'POST workers/scripts/{script}/versions',
    async ({ account, request, values: [name = ''] }) => {
      const upload = await readUpload(request.body, request.contentType);
      return { ...versionOf(account.addVersion(account.script(name), upload)), startup_time_ms: 1 };
    },
  ],
  [
    'GET workers/scripts/{script}/versions',
    ({ account, values: [name = ''] }) => ({ items: account.script(name).versions.map(versionOf).reverse() }),
  ],
  [
    'GET workers/scripts/{script}/versions/{version}',
    ({ account, values: [name = '', id = ''] }) => versionOf(findVersion(account.script(name), id)),
  ],
  [
    'GET workers/scripts/{script}/deployments',
    ({ account, values: [name = ''] }) => ({ deployments: account.script(name).deployments.map(deploymentOf) }),
  ],
  [
    'POST workers/scripts/{script}/deployments',
    async ({ account, edge, request, values: [name = ''] }) => {
      const { versions, annotations } = json<Pick<Deployment, 'versions' | 'annotations'>>(request);
      return await run(edge, account.script(name), (script) => account.deploy(script, versions, annotations));
    },
  ],
  [
    'PUT workers/scripts/{script}/secrets',
    async ({ account, edge, request, values: [name = ''] }) => {
      const secret = json<{ name: string; text: string }>(request);
      await run(edge, account.script(name), (script) => {
        const version = account.addSecret(script, { name: secret.name, text: secret.text });
        return account.deploy(script, [{ version_id: version.id, percentage: 100 }]);
      });
      return { name: secret.name, type: 'secret_text' };
    },
  ],
  [
    'PATCH workers/scripts/{script}/script-settings',
    ({ account, request, values: [name = ''] }) => {
      const { tags } = json<{ tags?: string[] }>(request);
      if (tags) account.script(name).tags = tags;
      return {};
    },
  ],
  ['GET workers/scripts/{script}/subdomain', ({ account, values: [name = ''] }) => subdomainOf(account.script(name))],
  [
    'POST workers/scripts/{script}/subdomain',
    ({ account, request, values: [name = ''] }) => {
      const { enabled, previews_enabled: previews } = json<{ enabled: boolean; previews_enabled?: boolean }>(request);
      const script = account.script(name);
      script.onWorkersDev = enabled;
      script.previews = previews ?? false;
      return subdomainOf(script);
    },
  ],
  [
    'PUT workers/scripts/{script}/schedules',
    ({ account, request, values: [name = ''] }) => {
      const schedules = json<{ cron: string }[]>(request);
      account.script(name).crons = schedules.map(({ cron }) => cron);
      return { schedules };
    },
  ],
];

/** @returns null for a call that the double does not know */
export function findCall(account: Account, edge: Edge, request: ApiRequest): ApiCall | null {
  const path = request.path.replace(`accounts/${account.id}/`, '');
  for (const [name, act] of routes) {
    const values = match(name, `${request.method} ${path}`);
    if (values) return { name, act: () => act({ account, edge, request, values }) };
  }
  return null;
}

function match(pattern: string, call: string): string[] | null {
  const expression = pattern.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\w+\}/g, '([^/]+)');
  return new RegExp(`^${expression}$`).exec(call)?.slice(1) ?? null;
}

async function uploadAndDeploy({ account, edge, request, values: [name = ''] }: Parts): Promise<unknown> {
  const upload = await readUpload(request.body, request.contentType);
  const script = account.scripts.get(name) ?? account.newScript(name);
  const version = account.addVersion(script, upload);
  account.scripts.set(name, script);
  await run(edge, script, () => account.deploy(script, [{ version_id: version.id, percentage: 100 }]));
  return { id: name, etag: version.id, deployment_id: version.id.replaceAll('-', ''), startup_time_ms: 1 };
}

/** A deployment that workerd does not take is taken back, so that the account never names what does not run. */
async function run(edge: Edge, script: Script, deploy: (script: Script) => Deployment): Promise<unknown> {
  const deployment = deploy(script);
  try {
    await edge.update();
  } catch (error) {
    script.deployments.splice(script.deployments.indexOf(deployment), 1);
    await edge.update();
    throw error;
  }
  return deploymentOf(deployment);
}

function json<T>({ body }: ApiRequest): T {
  return JSON.parse(new TextDecoder().decode(body)) as T;
}

function bucketOf(account: Account, name: string) {
  const bucket = account.buckets.get(name);
  if (!bucket) throw new ApiRefusal(404, 10006, 'The specified bucket does not exist.');
  return { name, creation_date: bucket.createdOn, location: 'WEUR', storage_class: 'Standard' };
}

function versionOf({ id, number, createdOn, upload }: Version) {
  return {
    id,
    number,
    metadata: { created_on: createdOn, modified_on: createdOn, author_email: author, source: 'wrangler' },
    annotations: upload.annotations,
    resources: { script: { etag: id, handlers: ['fetch', 'scheduled'] }, script_runtime: {}, bindings: [] },
  };
}

function deploymentOf({ id, createdOn, annotations, versions }: Deployment) {
  return {
    id,
    source: 'wrangler',
    strategy: 'percentage',
    author_email: author,
    created_on: createdOn,
    annotations,
    versions,
  };
}

function subdomainOf({ onWorkersDev, previews }: Script) {
  return { enabled: onWorkersDev, previews_enabled: previews };
}
