// `popserve verify`, and the activation that verifies itself: golden vectors at a point of presence before and after a switch.
import type { Command } from 'commander';
import { PopserveError } from '../../../registry/errors.ts';
import type { Manifest } from '../../../registry/manifest.ts';
import { parseModel, parseVersion } from '../arguments.ts';
import { Connection } from '../connection.ts';
import type { Context, Execute } from '../context.ts';
import { describeRoute } from '../describe-route.ts';
import { parseUrl, popOfUrl } from '../pop-options.ts';
import type { RouteChange } from '../registry-client.ts';
import { type Replay, readGolden, replayGolden } from '../replay-golden.ts';
import type { Report } from '../report.ts';
import { isLoopback } from '../settings.ts';
import { UsageError } from '../usage-error.ts';

/** Longest reason that the history takes. */
const longestReason = 1000;

export function addVerify(program: Command, execute: Execute): void {
  program
    .command('verify')
    .description(
      "Replays a version's golden vectors at a point of presence, whether the version is served there or not.",
    )
    .argument('<model>', 'name of the model', parseModel)
    .argument('[version]', 'a published version; default: the one that is served', parseVersion)
    .option('--url <url>', 'where the PoP answers; default: POPSERVE_URL', parseUrl)
    .addOption(popOfUrl())
    .option('--json', 'machine-readable output')
    .action((model: string, version: string | undefined, options: { url?: URL; json?: boolean }) =>
      execute(options, (context) => verify(context, model, version, options.url)),
    );
}

/** @throws {PopserveError} NOT_FOUND that lists what there is, if nothing is served */
async function servedVersion({ registry }: Context, model: string): Promise<string> {
  const { route, versions } = await registry.showModel(model);
  const served = route?.aliases.stable;
  if (served !== undefined) return served;
  const listed = versions.map(({ version }) => version).join(', ');
  throw new PopserveError(
    'NOT_FOUND',
    `no version of ${model} is served; name one, as in 'npx popserve verify ${model} ${versions[0]?.version ?? '1'}': it has ${listed || 'none'}`,
  );
}

async function verify(
  context: Context,
  model: string,
  named: string | undefined,
  url: URL | undefined,
): Promise<Report> {
  const version = named ?? (await servedVersion(context, model));
  const manifest = await context.registry.getManifest(model, version);
  const connection = connectionTo(context, url);
  const cases = await readGolden(context.registry, manifest);
  context.progress.step(`replaying ${cases.length} golden vectors at ${connection.settings.url}`);
  const replay = await replayGolden(connection, manifest, cases, 'version');
  const where =
    replay.pop === null ? connection.settings.url.origin : `${replay.pop} (${connection.settings.url.origin})`;
  return {
    lines: [
      `${model} ${version} at ${where}: ${replay.cases - replay.faults.length} of ${replay.cases} golden vectors as published`,
      ...describeEngines(replay),
      ...replay.faults,
    ],
    value: { model, version, url: connection.settings.url.href, ...replay },
    failed: replay.faults.length > 0,
  };
}

function describeEngines({ cases, litertAnswers }: Replay): string[] {
  if (litertAnswers === undefined) return [];
  return [`LiteRT gave ${litertAnswers} of ${cases} answers`];
}

/**
 * Verifies the version by its own URL, activates it, verifies what is served, and takes the release back if that is not as published.
 * @throws {PopserveError} UNPROCESSABLE if the version does not answer as published before anything is changed
 */
export async function activateVerified(
  context: Context,
  model: string,
  version: string,
  options: { url?: URL; reason?: string; breaking?: boolean; ifEpoch?: number },
): Promise<Report> {
  const { registry, progress } = context;
  const manifest = await registry.getManifest(model, version);
  const connection = connectionTo(context, options.url);
  const cases = await readGolden(registry, manifest);
  progress.step(`replaying ${cases.length} golden vectors before activation`);
  const before = await replayGolden(connection, manifest, cases, 'version');
  if (before.faults.length > 0) {
    throw new PopserveError('UNPROCESSABLE', `${model} ${version} is not activated: ${before.faults.join('; ')}`);
  }
  progress.step(`activating ${model} ${version}`);
  const { reason, breaking, ifEpoch } = options;
  const change = await registry.appendRoute(
    model,
    { action: 'activate', version, ...(breaking ? { breaking } : {}), ...(reason === undefined ? {} : { reason }) },
    ifEpoch,
  );
  progress.step(`replaying ${cases.length} golden vectors after activation`);
  const after = await replayGolden(connection, manifest, cases, { minEpoch: change.route.epoch });
  if (after.faults.length > 0) return takeBack(context, manifest, change, after);
  return {
    lines: [...describeRoute(change.route), `${cases.length} golden vectors as published, before and after`],
    value: { ...change, before, after },
  };
}

/** Takes a release back, unless somebody has changed the route in the meantime: their release stays. */
async function takeBack(
  { registry, progress }: Context,
  { model, version }: Manifest,
  change: RouteChange,
  after: Replay,
): Promise<Report> {
  progress.step(`taking ${model} ${version} back`);
  const reason = `${version} failed its verification: ${after.faults.join('; ')}`
    .slice(0, longestReason)
    .toWellFormed();
  const found = [`${model} ${version} does not answer as published once it is served:`, ...after.faults];
  try {
    if (!change.created) throw new PopserveError('CONFLICT', `${version} was served before this command`);
    // If the activation broke callers, going back breaks those who have followed it: a version that fails is worse.
    const back = await registry.appendRoute(model, { action: 'rollback', breaking: true, reason }, change.route.epoch);
    return {
      lines: [...found, 'taken back', ...describeRoute(back.route)],
      value: { error: reason, after, route: back.route, takenBack: true },
      failed: true,
    };
  } catch (error) {
    if (!(error instanceof PopserveError)) throw error;
    return {
      lines: [...found, `not taken back: ${error.message}`],
      value: { error: reason, after, route: change.route, takenBack: false },
      failed: true,
    };
  }
}

/**
 * The operator's token goes along, since inference may be keyed there: never in the clear over a network to an origin that
 * POPSERVE_URL did not name, and the local PoP's token never to another machine.
 */
function connectionTo({ connection, host }: Context, url: URL | undefined): Connection {
  if (url === undefined) return connection;
  const { settings } = connection;
  const elsewhere = url.origin !== settings.url.origin && !isLoopback(url);
  const token = elsewhere && settings.tokenSource !== settings.tokenVariable ? null : settings.token;
  if (elsewhere && url.protocol === 'http:' && token !== null) {
    throw new UsageError(`--url: expected an https URL, because the operator's token is sent to it, got '${url}'`);
  }
  return new Connection({ ...settings, token, url, urlSource: '--url' }, (ms) => host.wait(ms));
}
