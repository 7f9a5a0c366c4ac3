// `popserve doctor`: what a release needs, checked one by one; each fault comes with what to do about it.
import type { Command } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import { tellUnknownSetting } from '../../../registry/setting-names.ts';
import { findProject } from '../../build/operator-project.ts';
import { importOnnxruntime } from '../../build/operator-tools.ts';
import { isBuilt } from '../../build/project.ts';
import { findUnknownVariables } from '../../deploy/unknown-variables.ts';
import type { Context, Execute } from '../context.ts';
import { parseUrl } from '../pop-options.ts';
import { type Report, sentence } from '../report.ts';
import { isLoopback } from '../settings.ts';
import { describePlatform } from './platform-report.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The finding, or the fault and what to do. */
  readonly detail: string;
}

export function addDoctor(program: Command, execute: Execute): void {
  program
    .command('doctor')
    .description('check what a release needs: this machine, the PoP, the token')
    .option(
      '--probe [url]',
      'tell what the platform of a PoP gives (default: POPSERVE_URL); deploys nothing and keeps nothing',
      parseUrl,
    )
    .option('--json', 'machine-readable output')
    .action((options: { probe?: URL | true; json?: boolean }) =>
      execute(options, (context) => (options.probe === undefined ? examine(context) : probe(context, options.probe))),
    );
}

async function probe(context: Context, pop: URL | true): Promise<Report> {
  const { settings } = context.connection;
  const there = pop === true ? context : context.at({ ...settings, url: pop });
  const { url } = there.connection.settings;
  checkTransport(url);
  context.progress.step(`trying what ${url} gives`);
  const report = await there.registry.probePlatform();
  return {
    lines: [...describePlatform(report.probes), sentence(`cache of this host: ${judgeCache(url)}`)],
    value: { url: url.href, ...report },
  };
}

async function examine(context: Context): Promise<Report> {
  context.progress.step('checking');
  const { settings } = context.connection;
  const pop = await check('PoP', () => reachPop(context));
  const { config } = findProject();
  const checks = [
    await check('Node', checkNode),
    await check('onnxruntime-node', loadNativeRuntime),
    await check('wrangler.toml', findDeploymentFile),
    ...(config === null ? [] : [await check('settings', () => judgeVariables(config))]),
    pop,
    await check('transport', () => checkTransport(settings.url)),
    await check('cache', () => judgeCache(settings.url)),
    // Nobody there answers these either, and each would wait for it.
    ...(pop.ok ? await checkAnswers(context) : []),
  ];
  const failed = checks.some(({ ok }) => !ok);
  return {
    lines: checks.map(({ name, ok, detail }) => sentence(`${ok ? 'ok    ' : 'failed'}  ${name}: ${detail}`, 8)),
    value: { ok: !failed, url: settings.url.href, checks },
    failed,
  };
}

async function checkAnswers(context: Context): Promise<Check[]> {
  return [
    await check('access', () => askAccess(context)),
    await check('token and registry', () => askRegistry(context)),
    await check('epochs', () => askEpochs(context)),
  ];
}

async function check(name: string, look: () => string | Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function checkNode(): string {
  const needed = isBuilt ? 22 : 24;
  if (Number.parseInt(process.versions.node, 10) >= needed) return `${process.version}`;
  throw new Error(`expected Node ${needed} or newer, got ${process.version}; start the command with 'npx popserve'`);
}

async function loadNativeRuntime(): Promise<string> {
  try {
    const { env } = await importOnnxruntime();
    return `${env.versions.node ?? env.versions.common} loads`;
  } catch (error) {
    if (error instanceof PopserveError) throw new Error(`publishing needs it: ${error.message}`);
    throw new Error(`publishing needs it and it does not load: ${String(error)}`);
  }
}

function findDeploymentFile(): string {
  const { folder, config } = findProject();
  if (config !== null) return config;
  throw new Error(`${folder} has none, nor has a folder above it; 'npx popserve init my-pop' makes a project with one`);
}

/** A variable that is like no setting may belong to code of the project's own. */
export async function judgeVariables(config: string): Promise<string> {
  const unknown = await findUnknownVariables(config);
  const told = unknown.map((variable) => tellUnknownSetting(variable, variable.where)).join('; ');
  if (unknown.some(({ meant }) => meant !== null)) throw new Error(told);
  return told === '' ? 'popserve knows every variable of the project' : told;
}

async function reachPop({ connection }: Context): Promise<string> {
  const reply = await connection.send({ method: 'GET', path: 'v2/health/live', authorized: false, repeat: 'always' });
  const pop = reply.headers.get('popserve-pop');
  return `answers at ${connection.settings.url}${pop === null ? '' : ` (${pop})`}`;
}

function checkTransport(url: URL): string {
  if (url.protocol === 'https:') return 'encrypted';
  if (isLoopback(url)) return 'stays on this machine';
  throw new Error(`${url} would carry the operator's token unencrypted; set POPSERVE_URL to its https address`);
}

/** @see https://developers.cloudflare.com/workers/runtime-apis/cache/ */
export function judgeCache(url: URL): string {
  if (isLoopback(url)) return 'simulated on this machine';
  if (!url.hostname.endsWith('.workers.dev')) return 'the host is not on workers.dev; doctor --probe tries its cache';
  return 'workers.dev has NO Cache API: every load of a model reads R2, and no answer is kept; serve from a domain of your own';
}

/** Asks as a stranger would, for a model that is nowhere. */
async function askAccess({ connection }: Context): Promise<string> {
  const reply = await connection.send({
    method: 'GET',
    path: 'v2/models/doctor-looks-for-access/ready',
    authorized: false,
    repeat: 'always',
    accept: [401, 404, 429],
  });
  if (reply.status === 401) return 'inference is keyed: only callers with a credential are answered';
  const advice = isLoopback(connection.settings.url) ? '' : "; set INFERENCE_ACCESS to 'keyed' unless that is meant";
  return `inference is OPEN: everybody who reaches the server is answered${advice}`;
}

async function askRegistry({ registry, connection }: Context): Promise<string> {
  const models = await registry.listModels();
  return `the token of ${connection.settings.tokenSource} is accepted, ${models.length} models`;
}

/** One call for all models: the metrics say of each PoP whether it serves what the log has lost. */
async function askEpochs({ connection }: Context): Promise<string> {
  const { body } = await connection.send({ method: 'GET', path: 'metrics', authorized: true, repeat: 'always' });
  const ahead = new Set<string>();
  for (const [, model = ''] of new TextDecoder()
    .decode(body)
    .matchAll(/^popserve_pop_ahead\{.*?model="([^"]*)".*\} 1$/gm)) {
    ahead.add(model);
  }
  if (ahead.size === 0) return 'no PoP is ahead of the route log';
  const models = [...ahead].sort();
  throw new Error(
    `PoPs serve routes of ${models.join(', ')} that the log has lost, and take no release; run 'npx popserve renew ${models[0]}'`,
  );
}
