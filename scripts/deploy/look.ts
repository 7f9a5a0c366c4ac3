// What the account has already, by the names that a deployment uses. Only reads.
import * as z from 'zod';
import type { Target } from './target.ts';
import { requireOk, type Wrangler } from './wrangler.ts';

export interface Found {
  /** Names of the deployment's buckets that are there. */
  readonly buckets: ReadonlySet<string>;
  /** Titles of all namespaces, by id. */
  readonly namespaces: ReadonlyMap<string, string>;
  /** Names of the Worker's secrets; none if the Worker is not there yet. */
  readonly secrets: ReadonlySet<string>;
}

const noSuchBucket = 10006;

const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }));
const secretsSchema = z.array(z.object({ name: z.string() }));

/**
 * @returns null if wrangler has no credentials
 * @throws {PopserveError} UNAVAILABLE with wrangler's words if the account cannot be asked
 */
export async function lookAtAccount(wrangler: Wrangler, target: Target): Promise<Found | null> {
  const [namespaces, buckets, secrets] = await Promise.allSettled([
    listNamespaces(wrangler),
    findBuckets(wrangler, target.buckets),
    listSecrets(wrangler),
  ]);
  // Without credentials all three fail; the first one says so.
  if (namespaces.status === 'fulfilled' && namespaces.value === null) return null;
  return {
    namespaces: settledValue(namespaces) ?? new Map(),
    buckets: settledValue(buckets),
    secrets: settledValue(secrets),
  };
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** The list of buckets has one page; asking for one by its name finds it in an account with many. */
async function findBuckets(wrangler: Wrangler, buckets: Target['buckets']): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { name, jurisdiction } of buckets) {
    const where = jurisdiction === undefined ? [] : ['--jurisdiction', jurisdiction];
    const ended = await wrangler.run(['r2', 'bucket', 'info', name, '--json', ...where], { inEnvironment: false });
    if (ended.code === noSuchBucket) continue;
    requireOk(ended, `the bucket ${name} cannot be looked up`);
    found.add(name);
  }
  return found;
}

/** @returns the id of the namespace with this title, null if there is none */
export async function lookForNamespace(wrangler: Wrangler, title: string): Promise<string | null> {
  const namespaces = await listNamespaces(wrangler);
  return [...(namespaces ?? [])].find(([, one]) => one === title)?.[0] ?? null;
}

async function listNamespaces(wrangler: Wrangler): Promise<Map<string, string> | null> {
  const ended = await wrangler.run(['kv', 'namespace', 'list'], { inEnvironment: false });
  if (isUnauthenticated(ended.fault)) return null;
  const listed = namespacesSchema.parse(readJson(requireOk(ended, 'the KV namespaces cannot be listed').stdout));
  return new Map(listed.map(({ id, title }) => [id, title]));
}

async function listSecrets(wrangler: Wrangler): Promise<Set<string>> {
  const ended = await wrangler.run(['secret', 'list', '--format', 'json']);
  // wrangler has no code for it: it is a question of its own.
  if (!ended.ok && /Worker "[^"]*".* not found/.test(ended.fault)) return new Set();
  const secrets = secretsSchema.parse(readJson(requireOk(ended, 'the secrets cannot be listed').stdout));
  return new Set(secrets.map(({ name }) => name));
}

/** An account in which nothing is: for a plan without credentials. */
export function emptyAccount(): Found {
  return { buckets: new Set(), namespaces: new Map(), secrets: new Set() };
}

/** wrangler's own words: it asks nobody then, so there is no code of a refusal. */
function isUnauthenticated(fault: string): boolean {
  return /CLOUDFLARE_API_TOKEN|not authenticated|not logged in|wrangler login/i.test(fault);
}

/** wrangler may print a line of its own before the document. */
function readJson(text: string): unknown {
  return JSON.parse(text.slice(text.search(/^[[{]/m)));
}
