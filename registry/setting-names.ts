// The names of the Worker's settings, for whoever tells a mistyped one: the Worker's log, and the commands that read the same files.
import { editDistance } from './nearest.ts';

/** worker/config.ts has one reader for each; docs/settings.md explains them. */
export const settingNames = [
  'MEMORY_BUDGET_MIB',
  'ROUTE_REFRESH_SECONDS',
  'MAX_BODY_MIB',
  'MAX_INFLATED_MIB',
  'MAX_BODY_SECONDS',
  'MAX_PIXELS',
  'MAX_TEXT_BYTES',
  'MAX_URL_BYTES',
  'MAX_HEADER_BYTES',
  'MAX_INPUTS',
  'MAX_ELEMENTS',
  'MAX_JSON_DEPTH',
  'MAX_JSON_MIB',
  'MAX_RECORDS',
  'TRIAL_SECONDS',
  'GC_GRACE_SECONDS',
  'CORS_ORIGINS',
  'ALLOWED_HOSTS',
  'ARTIFACT_DOWNLOADS',
  'ROUTE_RETENTION_SECONDS',
  'TELEMETRY_FLUSH_SECONDS',
  'TELEMETRY_LOCATION',
  'INFERENCE_ACCESS',
  'KEY_CACHE_SECONDS',
  'JWT_JWKS_URL',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_SCOPE_CLAIM',
  'JWT_SCOPE_PREFIX',
  'JWT_MODELS_CLAIM',
  'JWT_CLAIM_RULES',
  'ADMIN_TOKEN',
  'POP_NAME',
  'POP_REGION',
  'DRIFT_WINDOW_SECONDS',
  'DRIFT_WINDOWS',
  'DRIFT_PSI',
  'DRIFT_JENSEN_SHANNON',
  'DRIFT_MISSING',
  'DRIFT_OUTSIDE',
  'DRIFT_FALSE_ALARMS',
  'INPUT_SAMPLE',
  'INPUT_SAMPLE_WINDOW_SECONDS',
  'INPUT_SAMPLE_WINDOWS',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
  'WEBHOOK_RETRY_SECONDS',
  'TRACES_URL',
  'TRACES_HEADERS',
  'TRACES_SHARE',
  'FEEDBACK_SECRET',
  'FEEDBACK_DAYS',
] as const;

export type SettingName = (typeof settingNames)[number];

export interface UnknownSetting {
  readonly name: string;
  /** The setting that was probably meant; null where none has a name like it: then it may belong to code beside popserve's. */
  readonly meant: SettingName | null;
}

/** @param names of the variables that a Worker is given */
export function unknownSettings(names: Iterable<string>): UnknownSetting[] {
  const known: ReadonlySet<string> = new Set(settingNames);
  return [...names].filter((name) => !known.has(name)).map((name) => ({ name, meant: settingMeantBy(name) }));
}

/**
 * @param where the variable is set: `[vars] of wrangler.toml`
 * @returns a sentence without the variable's value, which may be a secret
 */
export function tellUnknownSetting({ name, meant }: UnknownSetting, where: string): string {
  const advice = meant === null ? 'docs/settings.md lists the settings' : `did you mean ${meant}?`;
  return `${where} sets ${name}, which popserve does not know and passes over; ${advice}`;
}

/** A third of the letters may differ: more would make `MODEL_OWNER` a misspelled setting. */
function settingMeantBy(name: string): SettingName | null {
  const written = name.toUpperCase().replaceAll('-', '_');
  const [best] = settingNames
    .map((setting) => ({ setting, distance: editDistance(written, setting) }))
    .sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= written.length / 3 ? best.setting : null;
}
