// The files of a new project: the template with its name, and a package.json with the versions that popserve is tested with.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { operatorTools } from '../build/operator-tools.ts';
import { projectRoot } from '../build/project.ts';
import { localSettings } from '../local-pop/pop.ts';

/** The npm package has it too, in the same place. */
const template = join(projectRoot, 'scripts', 'init', 'template');

/** Where each file of the template goes; npm leaves some names out of packages, so those are called otherwise here. */
const places: Readonly<Record<string, string>> = {
  'README.md': 'README.md',
  'ci.yml': join('.github', 'workflows', 'ci.yml'),
  gitignore: '.gitignore',
  'index.ts.txt': join('src', 'index.ts'),
  'litert.ts.txt': join('src', 'litert.ts'),
  npmrc: '.npmrc',
  'wrangler.litert.toml': 'wrangler.litert.toml',
  'wrangler.toml': 'wrangler.toml',
};

/** Only its owner may read it. */
export const secretsFile = '.dev.vars';

/** The template's own name, in whose place the project's goes. */
const templateName = /\bmy-pop\b/g;

export interface ProjectOptions {
  /** Of the Worker: lower case letters, digits and hyphens. */
  readonly name: string;
  /** How package.json names popserve: a range of versions, or a tarball. */
  readonly popserve: string;
  /** Operators' token on this machine. */
  readonly token: string;
}

/** @returns the content of each file by its path in the project */
export function projectFiles({ name, popserve, token }: ProjectOptions): ReadonlyMap<string, string> {
  const files = new Map([
    ['package.json', packageFile(name, popserve)],
    [secretsFile, secrets(token)],
  ]);
  for (const [file, place] of Object.entries(places)) {
    files.set(place, readFileSync(join(template, file), 'utf8').replace(templateName, name));
  }
  return files;
}

/** wrangler dev and `popserve start` read it, and the command finds the token there. */
function secrets(token: string): string {
  return [
    '# Settings and secrets of this machine, which git ignores; they are above those of wrangler.toml.',
    `ADMIN_TOKEN="${token}"`,
    'INFERENCE_ACCESS="open"',
    'ARTIFACT_DOWNLOADS="on"',
    // Pages of other names, which may resolve to this machine, are not answered.
    `ALLOWED_HOSTS="${localSettings.ALLOWED_HOSTS}"`,
    '',
  ].join('\n');
}

function packageFile(name: string, popserve: string): string {
  const described = {
    name,
    private: true,
    type: 'module',
    scripts: {
      start: 'popserve start',
      dev: 'wrangler dev',
      'deploy:dry': 'wrangler deploy --dry-run',
      deploy: 'popserve deploy',
    },
    dependencies: { popserve },
    devDependencies: operatorTools,
    engines: packageJson.engines,
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}
