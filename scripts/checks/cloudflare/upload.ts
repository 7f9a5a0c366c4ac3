// Takes the upload of a Worker apart: the metadata and the modules of the multipart body that wrangler sends.
import * as z from 'zod';
import { ApiRefusal } from './refusal.ts';

const name = z.string().min(1);

/** The bindings that popserve uses. A kind that is not listed is refused: the double does not pretend to run it. */
const bindingSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('plain_text'), name, text: z.string() }),
  z.object({ type: z.literal('secret_text'), name, text: z.string() }),
  z.object({ type: z.literal('json'), name, json: z.json() }),
  z.object({ type: z.literal('kv_namespace'), name, namespace_id: z.string() }),
  z.object({ type: z.literal('r2_bucket'), name, bucket_name: z.string() }),
  z.object({ type: z.literal('durable_object_namespace'), name, class_name: z.string() }),
  z.object({
    type: z.literal('ratelimit'),
    name,
    namespace_id: z.string(),
    simple: z.object({ limit: z.number(), period: z.union([z.literal(10), z.literal(60)]) }),
  }),
  z.object({ type: z.literal('service'), name, service: z.string() }),
  z.object({ type: z.literal('version_metadata'), name }),
  z.object({ type: z.literal('inherit'), name }),
]);

const migrationSchema = z.strictObject({
  old_tag: z.string().optional(),
  new_tag: z.string(),
  steps: z.array(
    z.strictObject({ new_sqlite_classes: z.array(z.string()).optional(), new_classes: z.array(z.string()).optional() }),
  ),
});

const metadataSchema = z.object({
  main_module: z.string(),
  bindings: z.array(bindingSchema).default([]),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  migrations: migrationSchema.optional(),
  limits: z.object({ cpu_ms: z.number().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export type Binding = z.infer<typeof bindingSchema>;
export type Migration = z.infer<typeof migrationSchema>;

export interface UploadedModule {
  readonly name: string;
  readonly type: 'ESModule' | 'CompiledWasm' | 'Text' | 'Data';
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Upload {
  readonly mainModule: string;
  readonly bindings: readonly Binding[];
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly migration: Migration | undefined;
  readonly cpuMs: number | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly modules: readonly UploadedModule[];
}

/** Source maps are for the dashboard, not for the runtime. */
const moduleTypes: Readonly<Record<string, UploadedModule['type'] | null>> = {
  'application/javascript+module': 'ESModule',
  'application/wasm': 'CompiledWasm',
  'text/plain': 'Text',
  'application/octet-stream': 'Data',
  'application/source-map': null,
};

/**
 * @see https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/
 * @throws {ApiRefusal} 10021 for an upload that cannot be a Worker
 */
export async function readUpload(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Upload> {
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData().catch(() => null);
  const text = form?.get('metadata');
  if (!form || typeof text !== 'string') throw unusable('the body has no part named metadata');
  const { data: metadata, error } = metadataSchema.safeParse(JSON.parse(text));
  if (!metadata) throw unusable(z.prettifyError(error));
  const modules: UploadedModule[] = [];
  for (const part of form.values()) {
    if (typeof part === 'string') continue;
    const type = moduleTypes[part.type];
    if (type === undefined) throw unusable(`module '${part.name}' has the unknown type '${part.type}'`);
    if (type !== null) modules.push({ name: part.name, type, bytes: new Uint8Array(await part.arrayBuffer()) });
  }
  if (!modules.some((module) => module.name === metadata.main_module && module.type === 'ESModule'))
    throw unusable(`the main module '${metadata.main_module}' is not among the modules`);
  return {
    mainModule: metadata.main_module,
    bindings: metadata.bindings,
    compatibilityDate: metadata.compatibility_date,
    compatibilityFlags: metadata.compatibility_flags,
    migration: metadata.migrations,
    cpuMs: metadata.limits?.cpu_ms,
    annotations: metadata.annotations ?? {},
    modules,
  };
}

function unusable(fault: string): ApiRefusal {
  return new ApiRefusal(400, 10021, `Uncaught upload fault: ${fault}`);
}
