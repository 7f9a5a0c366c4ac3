// The Worker's settings, parsed from its variables: once for each isolate and Durable Object, by bindings.ts.
import * as z from 'zod';
import type { DriftSettings } from '../registry/api/drift.ts';
import { mostSize } from '../registry/bounds.ts';
import { defaultLimits } from '../registry/default-limits.ts';
import { PopserveError } from '../registry/errors.ts';
import { isHostName } from '../registry/host-name.ts';
import { mebibyte } from '../registry/mebibytes.ts';
import type { SettingName } from '../registry/setting-names.ts';
import { parseSettings } from './parse-settings.ts';
import type { DecodeLimits } from './protocol/infer-request.ts';
import { readClaimRules } from './security/claim-rules.ts';
import type { JwtSettings } from './security/jwt-verifier.ts';
import { driftVariables, readDriftSettings } from './telemetry/drift/settings.ts';
import { type FeedbackSettings, feedbackVariables, readFeedbackSettings } from './telemetry/feedback/settings.ts';
import { type TelemetryLocation, telemetryLocations } from './telemetry/location.ts';
import { readSampleSettings, type SampleSettings, sampleVariables } from './telemetry/sample/settings.ts';
import { readWebhookSettings, type WebhookSettings, webhookVariables } from './telemetry/signal/settings.ts';
import { readTraceSettings, type TraceSettings, traceVariables } from './telemetry/trace/settings.ts';

export interface Config {
  /** The heap's memory grows to at most this. */
  readonly memoryBudgetBytes: number;
  /** A snapshot older than this is refreshed behind the next request. */
  readonly routeRefreshSeconds: number;
  readonly maxBodyBytes: number;
  /** A compressed body may inflate to at most this. */
  readonly maxInflatedBytes: number;
  /** A body that takes longer to arrive is refused. */
  readonly maxBodySeconds: number;
  /** Pixels of the pictures of one request together. */
  readonly maxPixels: number;
  readonly maxTextBytes: number;
  readonly maxUrlBytes: number;
  /** Names and values of all headers of a request. */
  readonly maxHeaderBytes: number;
  /** Limits that the decoder keeps. */
  readonly decodeLimits: DecodeLimits;
  /** A first load that has not ended by then has ended its isolate. */
  readonly trialSeconds: number;
  readonly gcGraceSeconds: number;
  /** A version that was routed within this time is not retired, so that a rollback finds it. */
  readonly routeRetentionSeconds: number;
  /** An isolate reports what it collected of a model at most this often. */
  readonly telemetryFlushSeconds: number;
  /** Where a model's Durable Object should be made; null: near the PoP that reports first. */
  readonly telemetryLocation: TelemetryLocation | null;
  /** Operators' bearer token; null: the control plane is off. */
  readonly adminToken: string | null;
  /** `open` lets everybody infer, `keyed` only callers with a key or a token. */
  readonly access: 'open' | 'keyed';
  /** An isolate trusts what it knows about a key or token for this long; a revocation takes at most this. */
  readonly keyCacheSeconds: number;
  /** The identity provider whose tokens are accepted; null: none. */
  readonly jwt: JwtSettings | null;
  /** Origins of the web pages that may call the data plane; `*`: all. */
  readonly corsOrigins: '*' | ReadonlySet<string>;
  /** The hosts that a request may be for, as a URL names them; `*`: all. */
  readonly allowedHosts: '*' | ReadonlySet<string>;
  /** Models whose artifact a client may download, to run it itself; `*`: all. */
  readonly artifactDownloads: '*' | ReadonlySet<string>;
  /** Name of the PoP; null: the platform names it with each request. */
  readonly popName: string | null;
  /** Region of the PoP; null: taken from the platform's continent of the client. */
  readonly popRegion: string | null;
  readonly drift: DriftSettings;
  /** Models whose inputs are sampled and kept. */
  readonly sample: SampleSettings;
  /** The receiver of events; null: none. */
  readonly webhook: WebhookSettings | null;
  /** The collector that spans go to; null: none. */
  readonly traces: TraceSettings | null;
  /** What ids of answers are made with; null: there are none. */
  readonly feedback: FeedbackSettings | null;
}

const numberSetting = (minimum: number) => z.coerce.number().min(minimum);

const originsSetting = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine(
    (origins) =>
      origins.every(
        (origin) => isOrigin(origin) || localOrigins.test(origin) || (origin === '*' && origins.length === 1),
      ),
    {
      error:
        "expected '*' or origins like 'https://app.example.com', separated by commas; a * for the port goes with localhost, 127.0.0.1 and [::1] alone",
    },
  )
  .transform((origins) => (origins[0] === '*' ? ('*' as const) : new Set(origins)));

/** Pages of the machine that the browser runs on, whatever port serves them. */
const localOrigins = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\]):\*$/;

/** Written as a browser writes it in its Origin header: no path, no default port, lower case. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

const hostsSetting = z
  .string()
  .default('*')
  .transform((text) => text.split(',').map((name) => name.trim()))
  .refine((names) => names.every(isHostName) || names.join() === '*', {
    error: "expected '*', or names or addresses without a port, in lower case, separated by commas",
  })
  .transform((names) => (names[0] === '*' ? ('*' as const) : new Set(names)));

/** `on`, `off`, or the names of models. */
const modelsSetting = z
  .string()
  .default('off')
  .transform((text) => {
    const names = text.split(',').map((name) => name.trim());
    return names[0] === 'on' ? ('*' as const) : new Set(names.filter((name) => name !== '' && name !== 'off'));
  });

/** Every setting by its variable; a test compares docs/settings.md with it. */
export const settingsSchema = z.object({
  MEMORY_BUDGET_MIB: numberSetting(17).max(104).default(defaultLimits.memoryBudgetMib),
  ROUTE_REFRESH_SECONDS: numberSetting(0).default(10),
  MAX_BODY_MIB: numberSetting(0.001).max(64).default(defaultLimits.bodyMib),
  MAX_INFLATED_MIB: numberSetting(0.001).max(64).default(defaultLimits.bodyMib),
  MAX_BODY_SECONDS: numberSetting(0.1).max(300).default(defaultLimits.bodySeconds),
  MAX_PIXELS: numberSetting(1).max(16_000_000).default(defaultLimits.pixels),
  MAX_TEXT_BYTES: numberSetting(1).max(1_048_576).default(defaultLimits.textBytes),
  MAX_URL_BYTES: numberSetting(100).default(8192),
  MAX_HEADER_BYTES: numberSetting(100).default(16_384),
  MAX_INPUTS: numberSetting(1).default(defaultLimits.inputs),
  MAX_ELEMENTS: numberSetting(1).max(mostSize).default(defaultLimits.elements),
  MAX_JSON_DEPTH: numberSetting(4).max(1000).default(defaultLimits.jsonDepth),
  MAX_JSON_MIB: numberSetting(0.001).max(100).default(defaultLimits.jsonMib),
  MAX_RECORDS: numberSetting(1).default(defaultLimits.records),
  TRIAL_SECONDS: numberSetting(1).max(3600).default(30),
  GC_GRACE_SECONDS: numberSetting(0).default(604_800),
  CORS_ORIGINS: originsSetting,
  ALLOWED_HOSTS: hostsSetting,
  ARTIFACT_DOWNLOADS: modelsSetting,
  ROUTE_RETENTION_SECONDS: numberSetting(0).default(604_800),
  TELEMETRY_FLUSH_SECONDS: numberSetting(0).default(30),
  TELEMETRY_LOCATION: z.enum([...telemetryLocations, '']).default(''),
  // Closed unless opened explicitly.
  INFERENCE_ACCESS: z.enum(['open', 'keyed']).default('keyed'),
  KEY_CACHE_SECONDS: numberSetting(0).max(3600).default(60),
  JWT_JWKS_URL: z.string().default(''),
  JWT_ISSUER: z.string().default(''),
  JWT_AUDIENCE: z.string().default(''),
  JWT_SCOPE_CLAIM: z.string().min(1).default('scope'),
  JWT_SCOPE_PREFIX: z.string().default('popserve:'),
  JWT_MODELS_CLAIM: z.string().min(1).default('popserve_models'),
  JWT_CLAIM_RULES: z.string().default(''),
  ADMIN_TOKEN: z.string().optional(),
  POP_NAME: z.string().optional(),
  POP_REGION: z.string().optional(),
  ...driftVariables,
  ...sampleVariables,
  ...webhookVariables,
  ...traceVariables,
  ...feedbackVariables,
} satisfies Record<SettingName, z.ZodType>);

/**
 * @param env the Worker's variables; its bindings are passed over
 * @throws PopserveError INTERNAL that names each setting at fault
 */
export function parseConfig(env: object): Config {
  const settings = parseSettings(settingsSchema, env);
  return {
    memoryBudgetBytes: settings.MEMORY_BUDGET_MIB * mebibyte,
    routeRefreshSeconds: settings.ROUTE_REFRESH_SECONDS,
    maxBodyBytes: settings.MAX_BODY_MIB * mebibyte,
    maxInflatedBytes: settings.MAX_INFLATED_MIB * mebibyte,
    maxBodySeconds: settings.MAX_BODY_SECONDS,
    maxPixels: settings.MAX_PIXELS,
    maxTextBytes: settings.MAX_TEXT_BYTES,
    maxUrlBytes: settings.MAX_URL_BYTES,
    maxHeaderBytes: settings.MAX_HEADER_BYTES,
    decodeLimits: {
      maxInputs: settings.MAX_INPUTS,
      maxElements: settings.MAX_ELEMENTS,
      maxJsonDepth: settings.MAX_JSON_DEPTH,
      maxJsonBytes: settings.MAX_JSON_MIB * mebibyte,
      maxRecords: settings.MAX_RECORDS,
    },
    trialSeconds: settings.TRIAL_SECONDS,
    gcGraceSeconds: settings.GC_GRACE_SECONDS,
    routeRetentionSeconds: settings.ROUTE_RETENTION_SECONDS,
    telemetryFlushSeconds: settings.TELEMETRY_FLUSH_SECONDS,
    telemetryLocation: settings.TELEMETRY_LOCATION || null,
    adminToken: settings.ADMIN_TOKEN || null,
    access: settings.INFERENCE_ACCESS,
    keyCacheSeconds: settings.KEY_CACHE_SECONDS,
    jwt: readJwtSettings(settings),
    corsOrigins: settings.CORS_ORIGINS,
    allowedHosts: settings.ALLOWED_HOSTS,
    artifactDownloads: settings.ARTIFACT_DOWNLOADS,
    popName: settings.POP_NAME || null,
    popRegion: settings.POP_REGION || null,
    drift: readDriftSettings(settings),
    sample: readSampleSettings(settings),
    webhook: readWebhookSettings(settings),
    traces: readTraceSettings(settings),
    feedback: readFeedbackSettings(settings),
  };
}

/** All or nothing: a token whose issuer or audience is not checked may be meant for somebody else. */
function readJwtSettings(settings: z.output<typeof settingsSchema>): JwtSettings | null {
  const { JWT_JWKS_URL: url, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = settings;
  const rules = readClaimRules(settings.JWT_CLAIM_RULES, issuer);
  if (url === '' && issuer === '' && audience === '' && rules === null) return null;
  const jwksUrl = URL.parse(url);
  const safe = jwksUrl?.protocol === 'https:' || (jwksUrl?.protocol === 'http:' && jwksUrl.hostname === '127.0.0.1');
  if (jwksUrl === null || !safe || issuer === '' || audience === '') {
    throw new PopserveError(
      'INTERNAL',
      'wrong settings: JWT_JWKS_URL (an https address), JWT_ISSUER and JWT_AUDIENCE go together, and JWT_CLAIM_RULES needs them',
    );
  }
  const { JWT_SCOPE_CLAIM: scopeClaim, JWT_SCOPE_PREFIX: scopePrefix, JWT_MODELS_CLAIM: modelsClaim } = settings;
  return { jwksUrl, issuer, audience, scopeClaim, scopePrefix, modelsClaim, rules };
}
