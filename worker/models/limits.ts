// The limits and periods that this server keeps, for people who look at them: no secret is among them.
import { mebibyte } from '../../registry/mebibytes.ts';
import type { Config } from '../config.ts';

export interface LimitInForce {
  /** The variable that sets it; null for what the deployment's rate limits set. */
  readonly setting: string | null;
  readonly what: string;
  readonly value: string;
}

const daySeconds = 86_400;

function days(number: number): string {
  return number === 1 ? '1 day' : `${number.toLocaleString('en')} days`;
}

/** @param limited whether the platform's rate limiters are bound, for keys and for addresses */
export function limitsInForce(
  config: Config,
  limited: { readonly keys: boolean; readonly addresses: boolean },
): LimitInForce[] {
  const { decodeLimits: decode } = config;
  const count = (value: number) => value.toLocaleString('en');
  const mebibytes = (bytes: number) => `${Number((bytes / mebibyte).toPrecision(4))} MiB`;
  const seconds = (value: number) =>
    value > 0 && value % daySeconds === 0 ? days(value / daySeconds) : `${count(value)} s`;
  const isLimited = (is: boolean) => (is ? 'yes, as the deployment says' : 'no');
  const listed = (names: '*' | ReadonlySet<string>, none: string) =>
    names === '*' ? 'all' : names.size === 0 ? none : [...names].join(', ');
  return [
    {
      setting: 'INFERENCE_ACCESS',
      what: 'Who may infer',
      value: config.access === 'open' ? 'everybody' : 'callers with a key or token',
    },
    { setting: null, what: 'Requests of a key are limited', value: isLimited(limited.keys) },
    { setting: null, what: 'Requests of an address are limited', value: isLimited(limited.addresses) },
    {
      setting: 'KEY_CACHE_SECONDS',
      what: 'A revoked key works elsewhere for at most',
      value: seconds(config.keyCacheSeconds),
    },
    { setting: 'MAX_BODY_MIB', what: 'Body as it arrives', value: mebibytes(config.maxBodyBytes) },
    { setting: 'MAX_INFLATED_MIB', what: 'Body after inflation', value: mebibytes(config.maxInflatedBytes) },
    { setting: 'MAX_BODY_SECONDS', what: 'Time of a body', value: seconds(config.maxBodySeconds) },
    { setting: 'MAX_JSON_MIB', what: 'JSON of a request', value: mebibytes(decode.maxJsonBytes) },
    { setting: 'MAX_JSON_DEPTH', what: 'Depth of JSON', value: count(decode.maxJsonDepth) },
    { setting: 'MAX_INPUTS', what: 'Inputs of a request', value: count(decode.maxInputs) },
    { setting: 'MAX_ELEMENTS', what: 'Elements of all inputs', value: count(decode.maxElements) },
    { setting: 'MAX_RECORDS', what: 'Records of a request', value: count(decode.maxRecords) },
    { setting: 'MAX_PIXELS', what: 'Pixels of the pictures of a request', value: count(config.maxPixels) },
    { setting: 'MAX_URL_BYTES', what: 'URL', value: `${count(config.maxUrlBytes)} B` },
    { setting: 'MAX_HEADER_BYTES', what: 'Headers', value: `${count(config.maxHeaderBytes)} B` },
    {
      setting: 'MEMORY_BUDGET_MIB',
      what: 'Heap of the models of an isolate',
      value: mebibytes(config.memoryBudgetBytes),
    },
    { setting: 'TRIAL_SECONDS', what: 'First load of a version', value: seconds(config.trialSeconds) },
    {
      setting: 'ROUTE_REFRESH_SECONDS',
      what: 'An isolate looks for a new route after',
      value: seconds(config.routeRefreshSeconds),
    },
    {
      setting: 'ROUTE_RETENTION_SECONDS',
      what: 'A version that was served stays for a rollback for',
      value: seconds(config.routeRetentionSeconds),
    },
    {
      setting: 'CORS_ORIGINS',
      what: 'Web pages that may call the data plane',
      value: listed(config.corsOrigins, 'none'),
    },
    { setting: 'ALLOWED_HOSTS', what: 'Hosts that requests may be for', value: listed(config.allowedHosts, 'none') },
    {
      setting: 'ARTIFACT_DOWNLOADS',
      what: 'Models that clients may download',
      value: listed(config.artifactDownloads, 'none'),
    },
  ];
}
