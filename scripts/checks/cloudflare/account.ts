// What an account holds, as the API's calls change it: buckets, namespaces, Workers with their versions and deployments. Pure
// state; running what is deployed is the edge's part.
import { randomUUID } from 'node:crypto';
import { ApiRefusal } from './refusal.ts';
import type { Binding, Migration, Upload } from './upload.ts';

export interface Version {
  readonly id: string;
  readonly number: number;
  readonly createdOn: string;
  /** Secrets that were kept and bindings that were inherited are in it. */
  readonly upload: Upload;
}

export interface Deployment {
  readonly id: string;
  readonly createdOn: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly versions: readonly { readonly version_id: string; readonly percentage: number }[];
}

export interface Script {
  readonly name: string;
  readonly versions: Version[];
  /** Newest first. */
  readonly deployments: Deployment[];
  migrationTag: string | null;
  /** Classes of Durable Objects that migrations have made, by name. */
  readonly classes: Map<string, { readonly sqlite: boolean }>;
  tags: readonly string[];
  onWorkersDev: boolean;
  previews: boolean;
  crons: readonly string[];
}

export interface AccountOptions {
  /** On `free`, a CPU limit is refused. */
  readonly plan: 'free' | 'paid';
}

export class Account {
  readonly id = '00000000000000000000000000acc001';
  readonly buckets = new Map<string, { readonly createdOn: string }>();
  /** Titles by id. */
  readonly namespaces = new Map<string, string>();
  readonly scripts = new Map<string, Script>();
  readonly #plan: AccountOptions['plan'];

  constructor({ plan }: AccountOptions) {
    this.#plan = plan;
  }

  createBucket(name: string): void {
    if (this.buckets.has(name))
      throw new ApiRefusal(409, 10004, 'The bucket you tried to create already exists, and you own it.');
    this.buckets.set(name, { createdOn: now() });
  }

  createNamespace(title: string): string {
    if ([...this.namespaces.values()].includes(title))
      throw new ApiRefusal(400, 10014, 'a namespace with this account ID and title already exists');
    const id = randomUUID().replaceAll('-', '');
    this.namespaces.set(id, title);
    return id;
  }

  script(name: string): Script {
    const script = this.scripts.get(name);
    if (!script) throw new ApiRefusal(404, 10007, 'This Worker does not exist on your account.');
    return script;
  }

  /** A Worker before its first upload; it joins the account with {@link add}. */
  newScript(name: string): Script {
    return {
      name,
      versions: [],
      deployments: [],
      migrationTag: null,
      classes: new Map(),
      tags: [],
      onWorkersDev: false,
      previews: false,
      crons: [],
    };
  }

  /** Checks an upload as the platform does and makes it a version; migrations take effect with it. */
  addVersion(script: Script, upload: Upload): Version {
    if (upload.cpuMs !== undefined && this.#plan === 'free')
      throw new ApiRefusal(400, 100328, 'CPU limits are not supported for the Free plan.');
    migrate(script, upload.migration);
    const bindings = complete(upload.bindings, currentVersion(script));
    for (const binding of bindings) this.#check(script, binding);
    const version = {
      id: randomUUID(),
      number: script.versions.length + 1,
      createdOn: now(),
      upload: { ...upload, bindings },
    };
    script.versions.push(version);
    return version;
  }

  /** The newest version once more, with a secret in it. */
  addSecret(script: Script, secret: { readonly name: string; readonly text: string }): Version {
    const current = currentVersion(script);
    if (!current) throw new ApiRefusal(404, 10007, 'This Worker does not exist on your account.');
    const others = current.upload.bindings.filter(({ name }) => name !== secret.name);
    const bindings = [...others, { type: 'secret_text' as const, ...secret }];
    return this.addVersion(script, { ...current.upload, migration: undefined, bindings });
  }

  deploy(script: Script, versions: Deployment['versions'], annotations: Deployment['annotations'] = {}): Deployment {
    for (const { version_id: id } of versions) findVersion(script, id);
    if (versions.length > 2 || versions.reduce((sum, { percentage }) => sum + percentage, 0) !== 100)
      throw new ApiRefusal(400, 10021, 'expected at most two versions whose percentages make 100');
    const deployment = { id: randomUUID(), createdOn: now(), annotations, versions };
    script.deployments.unshift(deployment);
    return deployment;
  }

  #check(script: Script, binding: Binding): void {
    if (binding.type === 'kv_namespace' && !this.namespaces.has(binding.namespace_id)) {
      const valid = /^[0-9a-f]{32}$/.test(binding.namespace_id);
      throw valid
        ? new ApiRefusal(400, 10041, `KV namespace '${binding.namespace_id}' not found.`)
        : new ApiRefusal(400, 10042, `KV namespace '${binding.namespace_id}' is not valid.`);
    }
    if (binding.type === 'r2_bucket' && !this.buckets.has(binding.bucket_name))
      throw new ApiRefusal(400, 10085, `R2 bucket '${binding.bucket_name}' not found.`);
    if (binding.type === 'service' && !this.scripts.has(binding.service))
      throw new ApiRefusal(
        400,
        10143,
        `Service binding '${binding.name}' references Worker '${binding.service}' which was not found.`,
      );
    if (binding.type === 'durable_object_namespace' && !script.classes.has(binding.class_name))
      throw new ApiRefusal(
        400,
        10061,
        `Cannot create binding for class '${binding.class_name}': no migration made it.`,
      );
  }
}

export function findVersion(script: Script, id: string): Version {
  const version = script.versions.find((one) => one.id === id);
  if (!version) throw new ApiRefusal(404, 10204, `version '${id}' does not exist`);
  return version;
}

function currentVersion(script: Script): Version | undefined {
  const id = script.deployments[0]?.versions[0]?.version_id;
  return script.versions.find((version) => version.id === id);
}

/** Fills in inherited bindings. Secrets stay without being sent again: deploying never deletes them. */
function complete(bindings: readonly Binding[], current: Version | undefined): Binding[] {
  const before = new Map(current?.upload.bindings.map((binding) => [binding.name, binding]));
  const own = bindings.map((binding) => {
    if (binding.type !== 'inherit') return binding;
    const inherited = before.get(binding.name);
    if (!inherited) throw new ApiRefusal(400, 10021, `there is no binding '${binding.name}' to inherit`);
    return inherited;
  });
  const names = new Set(own.map(({ name }) => name));
  const secrets = [...before.values()].filter(({ type, name }) => type === 'secret_text' && !names.has(name));
  return [...own, ...secrets];
}

function migrate(script: Script, migration: Migration | undefined): void {
  if (!migration) return;
  if ((migration.old_tag ?? null) !== script.migrationTag)
    throw new ApiRefusal(
      400,
      10079,
      `Migration tag precondition failed; current tag is '${script.migrationTag ?? ''}'.`,
    );
  for (const step of migration.steps) {
    for (const name of step.new_sqlite_classes ?? []) script.classes.set(name, { sqlite: true });
    for (const name of step.new_classes ?? []) script.classes.set(name, { sqlite: false });
  }
  script.migrationTag = migration.new_tag;
}

function now(): string {
  return new Date().toISOString();
}
