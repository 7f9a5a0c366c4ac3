// The types of `popserve/worker`, as a Worker that deploys popserve sees them. They stand on those of the Workers platform, which
// come from `wrangler types` or from @cloudflare/workers-types. test/worker/package-types.test.ts holds them against index.ts.
import { DurableObject } from 'cloudflare:workers';

/**
 * Bindings and settings, as wrangler.toml names them. Settings are variables and secrets, all of them texts.
 * @see https://developers.cloudflare.com/workers/wrangler/configuration/#bindings
 */
export interface PopserveEnv {
  /** The registry: models, versions, routes and keys. */
  MODELS: R2Bucket;
  /** Copies of routes, which every location reads. */
  ROUTES: KVNamespace;
  /** Merges what locations report about a model; without it there is no telemetry. */
  TELEMETRY?: DurableObjectNamespace<ModelTelemetry>;
  /** The Worker of the second engine; without it onnxruntime runs everything. */
  LITERT?: Fetcher;
  /** How often one key may ask; without it nothing is limited. */
  KEY_LIMIT?: RateLimit;
  /** How often one address without a key may ask; without it nothing is limited. */
  ADDRESS_LIMIT?: RateLimit;
}

/** One object for each model; wrangler.toml binds it as TELEMETRY. */
export class ModelTelemetry extends DurableObject<PopserveEnv> {}

/**
 * The Worker.
 *
 * @example
 * // src/index.ts
 * export { default, ModelTelemetry } from 'popserve/worker';
 */
declare const worker: {
  /** Answers inference and the control plane. */
  fetch(request: Request, env: PopserveEnv, context: ExecutionContext): Response | Promise<Response>;
  /** Repairs what an operator's process that ended half-way left behind; `[triggers]` says how often. */
  scheduled(event: ScheduledController, env: PopserveEnv, context: ExecutionContext): Promise<void>;
};
export default worker;
