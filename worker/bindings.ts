// The one place that reads `env`: the platform's bindings by what they are for, and the settings. The rest of the Worker takes
// what it needs from here.
import { type UnknownSetting, unknownSettings } from '../registry/setting-names.ts';
import { type Config, parseConfig } from './config.ts';
import type { LitertService } from './runtime/litert-call.ts';
import type { RateLimiter } from './security/rate-gate.ts';
import type { TelemetryObject } from './telemetry/telemetry-object.ts';

export interface Bindings {
  /** The registry's truth, with API keys and the audit. */
  readonly bucket: R2Bucket;
  /** Copies of routes, which PoPs read. */
  readonly routeCopies: KVNamespace;
  /** One object for each model; undefined in a Worker that has none: then there is no telemetry. */
  readonly telemetry: DurableObjectNamespace<TelemetryObject> | undefined;
  /** The Worker of the second engine; undefined: onnxruntime runs everything. */
  readonly litert: LitertService | undefined;
  /** Undefined: nothing is limited. */
  readonly keyLimit: RateLimiter | undefined;
  readonly addressLimit: RateLimiter | undefined;
}

/** @throws PopserveError INTERNAL that names each setting at fault */
export function readEnv(env: Env): { config: Config; bindings: Bindings } {
  return {
    config: parseConfig(env),
    bindings: {
      bucket: env.MODELS,
      routeCopies: env.ROUTES,
      telemetry: env.TELEMETRY,
      litert: env.LITERT,
      keyLimit: env.KEY_LIMIT,
      addressLimit: env.ADDRESS_LIMIT,
    },
  };
}

/** Texts and numbers that no setting reads: a mistyped one would otherwise leave its default in force without a word. */
export function unknownVariables(env: Env): UnknownSetting[] {
  const variables = Object.entries(env).filter(([, value]) => typeof value !== 'object' && typeof value !== 'function');
  return unknownSettings(variables.map(([name]) => name));
}
