// `popserve deploy`: the Worker of this project onto the platform, with everything that it needs there.
import type { Command } from 'commander';
import { findProject } from '../../build/operator-project.ts';
import { deploy, type Outcome } from '../../deploy/deploy.ts';
import type { Context, Execute } from '../context.ts';
import { parseUrl } from '../pop-options.ts';
import { type Line, type Report, sentence } from '../report.ts';

interface DeployCommandOptions {
  env?: string;
  config?: string;
  url?: URL;
  allowOpen?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function addDeploy(program: Command, execute: Execute): void {
  program
    .command('deploy')
    .description(
      'checks the project, makes what its Worker needs on the platform, deploys it and verifies it through its URL',
    )
    .option('--env <name>', "environment of the wrangler file; default: the file's top level")
    .option('--config <file>', 'the wrangler file; default: the one of this project')
    .option(
      '--url <url>',
      'where the Worker answers, to verify it there; default: the address that wrangler tells',
      parseUrl,
    )
    .option('--allow-open', 'deploy although everybody may ask for inference')
    .option('--dry-run', 'say each step and do none')
    .option('--json', 'machine-readable output')
    .action((options: DeployCommandOptions) => execute(options, (context) => run(context, options)));
}

async function run({ host, progress }: Context, options: DeployCommandOptions): Promise<Report> {
  const outcome = await deploy({
    config: options.config ?? findProject().config ?? 'wrangler.toml',
    environment: options.env ?? '',
    url: options.url?.href,
    allowOpen: options.allowOpen ?? false,
    dryRun: options.dryRun ?? false,
    env: { ...host.env },
    progress,
    wait: (ms) => host.wait(ms),
  });
  return {
    lines: describe(outcome),
    value: documentOf(outcome),
    failed: outcome.deployed?.checks.some(({ ok }) => !ok) ?? false,
  };
}

function describe({ worker, notes, steps, deployed }: Outcome): Line[] {
  const planned = [
    ...notes.map((note) => sentence(`note    ${note}`, 8)),
    ...steps.map((step) => sentence(`${deployed === null ? 'would' : 'done '}   ${step}`, 8)),
  ];
  if (deployed === null) return planned;
  const checked = deployed.checks.map(({ name, ok, detail }) =>
    sentence(`${ok ? 'ok    ' : 'failed'}  ${name}: ${detail}`, 8),
  );
  if (deployed.checks.some(({ ok }) => !ok)) {
    const advice = `${worker} is deployed and not as it should be; run the command again once the fault is mended.`;
    return [...planned, ...checked, '', sentence(advice)];
  }
  const shown =
    deployed.token === null
      ? []
      : ["The operator's token, shown this once; keep it where secrets are kept:", `  ${deployed.token}`];
  return [
    ...planned,
    ...checked,
    '',
    `${worker} serves at ${deployed.url}`,
    ...shown,
    '',
    'Release models to it with',
    `  export POPSERVE_URL=${deployed.url}`,
    '  export POPSERVE_TOKEN=<the token>',
  ];
}

function documentOf({ worker, notes, steps, deployed }: Outcome): unknown {
  if (deployed === null) return { worker, dryRun: true, notes, steps };
  const { url, versionId, checks, token } = deployed;
  return {
    worker,
    dryRun: false,
    notes,
    steps,
    url: url.href,
    version: versionId,
    checks,
    ...(token === null ? {} : { token }),
  };
}
