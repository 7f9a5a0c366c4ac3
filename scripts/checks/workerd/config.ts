// Parts of a configuration of workerd in Cap'n Proto's text form.
// @see https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp
import { basename } from 'node:path';

export interface WorkerModules {
  /** The first is the entry. */
  readonly modules: readonly { readonly type: keyof typeof moduleKinds; readonly path: string }[];
  readonly compatibilityDate: string;
}

/** How wrangler and the configuration name the kinds of modules. */
const moduleKinds = { ESModule: 'esModule', CompiledWasm: 'wasm', Text: 'text', Data: 'data' } as const;

/** The code of a Worker, its modules named as their files. */
export function workerCode({ modules, compatibilityDate }: WorkerModules): string {
  const listed = modules.map(
    ({ type, path }) => `(name = ${quote(basename(path))}, ${moduleKinds[type]} = embed ${quote(path)})`,
  );
  return `modules = [${listed.join(', ')}], compatibilityDate = ${quote(compatibilityDate)}`;
}

export function textBindings(texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`);
}

/** The Durable Objects of the serving Worker, kept in the service `objects`: workerd has no SQL for objects in memory. */
export const durableObjects = `durableObjectNamespaces = [(className = "ModelTelemetry", uniqueKey = "telemetry", enableSql = true)],
  durableObjectStorage = (localDisk = "objects")`;

/** @param directory on disk */
export function objectsService(directory: string): string {
  return `(name = "objects", disk = (path = ${quote(directory)}, writable = true))`;
}

/** Cap'n Proto's text form has JSON's string escapes for all that occurs here. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
