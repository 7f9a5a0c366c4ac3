// One case of the table: a first deployment during which one call fails, however often it is tried; then a second one without the
// fault. The account must then hold everything once, and the token must have been shown once.
import { readFile } from 'node:fs/promises';
import { type DeployOptions, deploy, type Outcome } from '../../deploy/deploy.ts';
import { CloudflareDouble } from '../cloudflare/double.ts';
import type { Fault } from '../cloudflare/faults.ts';
import { type ScratchProject, scratchProject } from '../cloudflare/project.ts';

const worker = 'popserve-production';

export interface CaseResult {
  readonly fault: Fault | null;
  /** How often the call was made while it failed. */
  readonly failedCalls: number;
  /** What the first run ended with: `complete`, or its message. */
  readonly first: string;
  readonly second: string;
  /** Everything that is not as it must be after the second run. */
  readonly faults: readonly string[];
  readonly versions: number;
  /** Names of the calls of the first run. */
  readonly calls: readonly string[];
}

export async function runCase(fault: Fault | null): Promise<CaseResult> {
  const double = await CloudflareDouble.start();
  try {
    await using project = await scratchProject();
    const url = await double.edge.open(worker);
    const options = optionsFor(double, project, url);
    double.fault = fault;
    const first = await attempt(options);
    const calls = double.calls.map(({ name }) => name);
    double.fault = null;
    // A clean run is not repeated: its calls are the table's rows.
    const second = fault === null ? first : await attempt(options);
    return {
      fault,
      failedCalls: fault === null ? 0 : calls.filter((name) => name === fault.call).length,
      first: first.text,
      second: second.text,
      faults: await faultsOf(double, project, fault === null ? [first] : [first, second]),
      versions: double.account.scripts.get(worker)?.versions.length ?? 0,
      calls: [...new Set(calls)],
    };
  } finally {
    await double.stop();
  }
}

function optionsFor(double: CloudflareDouble, { config }: ScratchProject, url: URL): DeployOptions {
  const { CI: _, ...env } = process.env;
  return {
    config,
    environment: 'production',
    url: url.href,
    allowOpen: false,
    dryRun: false,
    env: { ...env, ...double.environment },
    progress: { step: () => {} },
    // What answers is on this machine: nothing needs a minute to appear.
    patienceMs: 5000,
  };
}

interface Attempt {
  readonly text: string;
  readonly outcome: Outcome | null;
}

async function attempt(options: DeployOptions): Promise<Attempt> {
  try {
    const outcome = await deploy(options);
    const failed = outcome.deployed?.checks.filter(({ ok }) => !ok).map(({ detail }) => detail) ?? [];
    return { text: failed.length === 0 ? 'complete' : failed.join('; '), outcome };
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), outcome: null };
  }
}

async function faultsOf(
  double: CloudflareDouble,
  project: ScratchProject,
  attempts: readonly Attempt[],
): Promise<string[]> {
  const { buckets, namespaces, scripts } = double.account;
  const script = scripts.get(worker);
  const secrets = script?.versions.at(-1)?.upload.bindings.filter(({ type }) => type === 'secret_text') ?? [];
  const tokens = attempts.flatMap(({ outcome }) => outcome?.deployed?.token ?? []);
  const [id] = namespaces.keys();
  const [secret] = secrets;
  const text = await readFile(project.config, 'utf8');
  const expectations: (readonly [string, boolean])[] = [
    ['the last run is complete', attempts.at(-1)?.text === 'complete'],
    ['one bucket', buckets.size === 1],
    ['one namespace', namespaces.size === 1],
    ['its id in the file', id !== undefined && text.includes(`id = "${id}"`)],
    ['one Worker', scripts.size === 1],
    ['its migration made', script?.migrationTag === 'v1'],
    ['all traffic on one version', script?.deployments[0]?.versions.length === 1],
    ['one secret', secrets.length === 1],
    ['the token shown once', tokens.length === 1],
    ['the token the Worker has', secret?.type === 'secret_text' && secret.text === tokens[0]],
    ['workers.dev on', script?.onWorkersDev === true],
    ['the cron trigger', script?.crons.length === 1],
    ['no call unknown to the double', double.unknown.length === 0],
  ];
  return expectations.filter(([, held]) => !held).map(([name]) => `not held: ${name}`);
}
