// One deployment: check, look, plan, do. Every step may be repeated, so an interrupted run is completed by the next one.
import { PopserveError } from '../../registry/errors.ts';
import { measureBundle } from './bundle-size.ts';
import { checkFound, checkSize, checkTarget, type Finding, secretNames, tokenSecret, tokenVariable } from './checks.ts';
import { emptyAccount, type Found, lookAtAccount } from './look.ts';
import { describeStep, plan, type Step } from './plan.ts';
import { deployedConfig } from './second-engine.ts';
import { createBucket } from './steps/create-bucket.ts';
import { createNamespace } from './steps/create-namespace.ts';
import { PendingToken } from './steps/pending-token.ts';
import { upload } from './steps/upload.ts';
import { type Check, verify } from './steps/verify.ts';
import { writeNamespaceId } from './steps/write-id.ts';
import { readTarget, type Target } from './target.ts';
import { type Wrangler, wranglerFor } from './wrangler.ts';

export interface DeployOptions {
  readonly config: string;
  /** The empty text is the top level. */
  readonly environment: string;
  /** Where the Worker answers, if not at the address that wrangler tells. */
  readonly url: string | undefined;
  readonly allowOpen: boolean;
  readonly dryRun: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Told of each step before it is done. */
  readonly progress: { step(message: string): void };
  readonly wait?: (ms: number) => Promise<unknown>;
  /** How long a new workers.dev name or custom domain may take to answer. */
  readonly patienceMs?: number;
}

export interface Outcome {
  readonly worker: string;
  readonly notes: readonly string[];
  /** What was done, or with `dryRun` what would be. */
  readonly steps: readonly string[];
  /** Null in a dry run. */
  readonly deployed: {
    readonly url: URL;
    readonly versionId: string | null;
    readonly checks: readonly Check[];
    /** The operator's token, if this command made it and has not shown it before. */
    readonly token: string | null;
  } | null;
}

const usualPatienceMs = 120_000;

/** @throws {PopserveError} saying what to do; run again, the deployment is completed */
export async function deploy(options: DeployOptions): Promise<Outcome> {
  const { env, progress, dryRun } = options;
  progress.step('reading the configuration');
  const target = await readTarget(options.config, options.environment);
  const wrangler = wranglerFor(env, target.folder, target.config, target.environment);
  const given = givenSecrets(target, env);
  const circumstances = { allowOpen: options.allowOpen, url: options.url, unattended: isUnattended(env), given };
  const pending = new PendingToken(target);
  const waiting = await pending.read();

  const told = checkTarget(target, circumstances);
  refuse(told);
  progress.step('building the Worker');
  const size = checkSize(await measureBundle(wrangler));
  refuse(size);
  const engine = deployedConfig(target.litert);
  if (engine !== null) {
    progress.step('building the Worker of the second engine');
    const own = wranglerFor(env, target.folder, engine, target.environment);
    refuse(checkSize(await measureBundle(own), 'the upload of the second engine'));
  }
  progress.step('looking at what the account has');
  const found = await lookAtAccount(wrangler, target);
  if (found === null && !dryRun)
    throw new PopserveError(
      'UNAUTHENTICATED',
      "wrangler has no credentials; run 'npx wrangler login' or set CLOUDFLARE_API_TOKEN",
    );
  if (found !== null) refuse(checkFound(target, found, circumstances, waiting !== null));

  const steps = plan(target, found ?? emptyAccount(), { given: new Set(given.keys()), pending: waiting !== null });
  const notes = [...told, ...size].map(({ text }) => text);
  if (found === null) notes.push('wrangler has no credentials: the plan supposes an account that has nothing of this');
  const words = steps.map((step) => describeStep(step, target));
  if (dryRun) return { worker: target.worker, notes, steps: words, deployed: null };
  const deployed = await carryOut(steps, {
    target,
    wrangler,
    given,
    pending,
    waiting,
    options,
    found: found ?? emptyAccount(),
  });
  return { worker: target.worker, notes, steps: words, deployed };
}

interface Work {
  readonly target: Target;
  readonly wrangler: Wrangler;
  readonly given: ReadonlyMap<string, string>;
  readonly pending: PendingToken;
  /** The token that an interrupted run has made. */
  readonly waiting: string | null;
  readonly found: Found;
  readonly options: DeployOptions;
}

async function carryOut(steps: readonly Step[], work: Work): Promise<NonNullable<Outcome['deployed']>> {
  const { target, wrangler, given, pending, options } = work;
  const made = new Map<string, string>();
  let token = given.get(tokenSecret) ?? work.waiting;
  let uploaded: Awaited<ReturnType<typeof upload>> | null = null;
  for (const step of steps) {
    options.progress.step(describeStep(step, target));
    switch (step.kind) {
      case 'create-bucket':
        await createBucket(wrangler, step.bucket);
        break;
      case 'create-namespace':
        made.set(step.title, await createNamespace(wrangler, step.title));
        break;
      case 'write-id':
        await writeNamespaceId(
          await readTarget(target.config, target.environment),
          step.binding,
          step.id ?? made.get(step.title) ?? '',
        );
        break;
      case 'make-token':
        token = await pending.make();
        break;
      case 'upload-engine':
        await upload(wranglerFor(options.env, target.folder, step.config, target.environment), new Map());
        break;
      case 'upload': {
        const values = new Map(
          step.secrets.map((name) => [name, name === tokenSecret ? (token ?? '') : (given.get(name) ?? '')]),
        );
        uploaded = await upload(wrangler, values);
        break;
      }
      case 'verify':
        break;
    }
  }
  const url = addressOf(target, options.url, uploaded?.targets ?? []);
  const access = target.vars.INFERENCE_ACCESS === 'open' ? 'open' : 'keyed';
  const checks = await verify({
    url,
    token,
    access,
    patienceMs: options.patienceMs ?? usualPatienceMs,
    ...(options.wait ? { wait: options.wait } : {}),
  });
  if (token === null)
    checks.push({ name: 'token', ok: true, detail: `not tried; ${tokenVariable(target)} would say which one it is` });
  const ok = checks.every((check) => check.ok);
  const shown = token !== null && token !== given.get(tokenSecret) ? token : null;
  // A token that did not open the Worker is kept: the next run tries it again and shows it then.
  if (ok) await pending.forget();
  return { url, versionId: uploaded?.version_id ?? null, checks, token: ok ? shown : null };
}

/** @throws {PopserveError} UNPROCESSABLE if something speaks against it */
function refuse(findings: readonly Finding[]): void {
  const stops = findings.filter(({ level }) => level === 'stop').map(({ text }) => text);
  if (stops.length > 0) throw new PopserveError('UNPROCESSABLE', `nothing was deployed: ${stops.join('; ')}`);
}

function givenSecrets(target: Target, env: NodeJS.ProcessEnv): Map<string, string> {
  const given = new Map<string, string>();
  for (const name of secretNames(target)) {
    const value = env[name === tokenSecret ? tokenVariable(target) : name];
    if (value) given.set(name, value);
  }
  return given;
}

/** Continuous integration keeps what is printed. */
function isUnattended({ CI }: NodeJS.ProcessEnv): boolean {
  return CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';
}

function addressOf(target: Target, url: string | undefined, targets: readonly string[]): URL {
  const address =
    url ??
    (target.domain === undefined ? targets.find((one) => one.startsWith('https://')) : `https://${target.domain}`);
  if (address === undefined)
    throw new PopserveError(
      'UNAVAILABLE',
      'the Worker is deployed, and wrangler told no address of it; run the command again with --url',
    );
  return new URL(address.endsWith('/') ? address : `${address}/`);
}
