// `popserve init`: a project of one's own that deploys popserve from the npm package.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { shellLine } from '../../../registry/shell-words.ts';
import { writeProject } from '../../init/write-project.ts';
import type { Execute } from '../context.ts';
import type { Report } from '../report.ts';
import { UsageError } from '../usage-error.ts';

interface InitOptions {
  name?: string;
  popserve: string;
  json?: boolean;
}

/** @see https://developers.cloudflare.com/workers/configuration/routing/workers-dev/: the name is a label of a host name */
const workerName = /^[a-z0-9](?:[a-z0-9-]{0,52}[a-z0-9])?$/;

export function addInit(program: Command, execute: Execute): void {
  program
    .command('init')
    .description('write a project that runs and deploys popserve, with wrangler.toml, CI and a README')
    .argument('<folder>', 'where; it may exist, but have none of the files')
    .option('--name <name>', "the Worker's name (default: the folder's)")
    .option('--popserve <spec>', 'how package.json names popserve: a version, or a tarball', `^${packageJson.version}`)
    .option('--json', 'machine-readable output')
    .action((folder: string, options: InitOptions) => execute(options, () => init(folder, options)));
}

async function init(folder: string, options: InitOptions): Promise<Report> {
  const path = resolve(folder);
  const name = options.name ?? basename(path);
  if (!workerName.test(name)) {
    throw new UsageError(
      `'${name}' is no name for a Worker: expected lower case letters, digits and hyphens, at most 54` +
        (options.name === undefined ? '; give one with --name' : ''),
    );
  }
  const token = randomBytes(24).toString('base64url');
  const files = await writeProject(path, { name, token, popserve: specFrom(path, options.popserve) });
  const enter = relative(process.cwd(), path);
  return {
    lines: [
      `${path} has a project now:`,
      ...files.map((file) => `  ${file}`),
      '',
      'Install what it needs, and start its local PoP',
      ...(enter === '' ? [] : [`  ${shellLine(['cd', enter])}`]),
      '  npm install',
      '  npx popserve start',
    ],
    value: { folder: path, name, files },
  };
}

/** A tarball is named from where the operator is, and in package.json from the project. */
function specFrom(folder: string, spec: string): string {
  return existsSync(spec) ? `file:${relative(folder, resolve(spec))}` : spec;
}
