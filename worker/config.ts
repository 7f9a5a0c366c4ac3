// The Worker's settings, parsed once per isolate from bindings and variables; nothing else reads `env`.
import * as z from 'zod';
import { PopserveError } from '../registry/errors.ts';

export interface Config {
  /** The heap's memory grows to at most this. */
  readonly memoryBudgetBytes: number;
  /** A snapshot older than this is refreshed behind the next request. */
  readonly routeRefreshSeconds: number;
  readonly maxBodyBytes: number;
  readonly gcGraceSeconds: number;
  /** An isolate reports what it collected of a model at most this often. */
  readonly telemetryFlushSeconds: number;
  /** Operators' bearer token; null: the control plane is off. */
  readonly adminToken: string | null;
  /** Origins of the web pages that may call the data plane; `*`: all. */
  readonly corsOrigins: '*' | ReadonlySet<string>;
  /** Models whose artifact a client may download, to run it itself; `*`: all. */
  readonly artifactDownloads: '*' | ReadonlySet<string>;
  /** Name of the PoP; null: the platform tells it with each request. */
  readonly popName: string | null;
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
  .refine((origins) => origins.every((origin) => isOrigin(origin) || (origin === '*' && origins.length === 1)), {
    error: "expected '*' or origins like 'https://app.example.com', separated by commas",
  })
  .transform((origins) => (origins[0] === '*' ? ('*' as const) : new Set(origins)));

/** Written as a browser writes it in its Origin header: no path, no default port, lower case. */
function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
/** `on`, `off`, or the names of models. */
const modelsSetting = z
  .string()
  .default('off')
  .transform((text) => {
    const names = text.split(',').map((name) => name.trim());
    return names[0] === 'on' ? ('*' as const) : new Set(names.filter((name) => name !== '' && name !== 'off'));
  });

const settingsSchema = z.object({
  MEMORY_BUDGET_MIB: numberSetting(17).max(122).default(104),
  ROUTE_REFRESH_SECONDS: numberSetting(0).default(10),
  MAX_BODY_MIB: numberSetting(0.001).max(100).default(32),
  GC_GRACE_SECONDS: numberSetting(0).default(604_800),
  CORS_ORIGINS: originsSetting,
  ARTIFACT_DOWNLOADS: modelsSetting,
  TELEMETRY_FLUSH_SECONDS: numberSetting(0).default(30),
  ADMIN_TOKEN: z.string().optional(),
  POP_NAME: z.string().optional(),
});

/**
 * @param env the Worker's bindings and variables
 * @throws PopserveError INTERNAL that names each setting at fault
 */
export function parseConfig(env: object): Config {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new PopserveError('INTERNAL', `wrong settings: ${faults.join('; ')}`);
  }
  const settings = parsed.data;
  return {
    memoryBudgetBytes: settings.MEMORY_BUDGET_MIB * 1_048_576,
    routeRefreshSeconds: settings.ROUTE_REFRESH_SECONDS,
    maxBodyBytes: settings.MAX_BODY_MIB * 1_048_576,
    gcGraceSeconds: settings.GC_GRACE_SECONDS,
    telemetryFlushSeconds: settings.TELEMETRY_FLUSH_SECONDS,
    adminToken: settings.ADMIN_TOKEN || null,
    corsOrigins: settings.CORS_ORIGINS,
    artifactDownloads: settings.ARTIFACT_DOWNLOADS,
    popName: settings.POP_NAME || null,
  };
}
