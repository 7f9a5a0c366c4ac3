// The text that a local PoP prints when it serves. Each command in it can be pasted into a shell, whatever port and folder were
// chosen and whatever the shell's environment says.
import { join, relative } from 'node:path';
import { shellLine } from '../../registry/shell-words.ts';
import { demoModel, demoPictureModel } from '../demo/demo-model.ts';
import { isOnlyLocal } from './local-settings.ts';

export interface Served {
  readonly name: string;
  readonly versions: number;
  readonly aliases: Readonly<Record<string, string>>;
}

export interface Announced {
  /** Where commands on this machine reach the PoP. */
  readonly url: URL;
  /** The address that it listens on. */
  readonly host: string;
  readonly served: readonly Served[];
  /** Whether everybody who reaches it is answered. */
  readonly open: boolean;
  /** Where the token is, and where the command looks for it unless told. */
  readonly data: string;
  readonly defaultData: string;
  /** Where the commands will be pasted. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function announcement(announced: Announced): string {
  const { url, host, served, open, data } = announced;
  const examples = exampleRequests(announced);
  const serving = served.map(({ name, versions, aliases }) => {
    const named = Object.entries(aliases).map(([alias, version]) => `${alias} → ${version}`);
    return `  ${name}   ${named.join(', ') || 'not activated'}   (${versions} version${versions === 1 ? '' : 's'})`;
  });
  const command = (...words: string[]) => `  ${popserveLine(announced, words)}`;
  return [
    '',
    `popserve is listening on ${url.origin}${isEverywhere(host) ? `, and on every address of this machine (${host})` : ''}`,
    ...(open ? [openness(host)] : []),
    '',
    'Serving',
    ...(serving.length > 0 ? serving : ['  nothing yet']),
    ...(examples.length > 0 && open ? ['', 'Try', ...examples.map((line) => `  ${line}`)] : []),
    '',
    'Look',
    `  ${url.origin}/console   (sign in with the token in ${join(data, 'token')})`,
    '',
    'Release a model of your own',
    command('publish', 'model.onnx', '--name', 'my-model', '--activate'),
    ...(open ? [] : ['', 'Inference asks for a key; make one for each client', command('keys', 'create', 'my-client')]),
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** A line of curl for each of the demo models that is served. */
function exampleRequests({ url, served, folder }: Announced): string[] {
  const isServed = (model: string) => served.some(({ name }) => name === model);
  const curl = (model: string, ...words: string[]) =>
    shellLine(['curl', '-s', `${url.origin}/v2/models/${model}/infer`, ...words]);
  const { name, picture } = demoPictureModel;
  return [
    ...(isServed(demoModel.name) ? [curl(demoModel.name, '-d', JSON.stringify(demoModel.sample))] : []),
    ...(isServed(name)
      ? [curl(name, '-H', 'content-type: image/png', '--data-binary', `@${pathFrom(folder, picture)}`)]
      : []),
  ];
}

/** The shorter way to a file that lies in the folder; absolute elsewhere. */
function pathFrom(folder: string, file: string): string {
  const path = relative(folder, file);
  return path.startsWith('..') ? file : path;
}

function openness(host: string): string {
  const everybody = isOnlyLocal(host) ? 'everybody on this machine' : 'everybody who reaches this machine';
  return `It is open: ${everybody} may infer${isOnlyLocal(host) ? ' and download models. Deployments are keyed' : ''}.`;
}

/** With the variables that make the command find this PoP and its token, if it would not without. */
export function popserveLine({ url, data, defaultData, environment }: Announced, words: readonly string[]): string {
  const variables: string[] = [];
  const usualUrl = environment.POPSERVE_URL || 'http://127.0.0.1:8787';
  if (!URL.canParse(usualUrl) || new URL(usualUrl).origin !== url.origin) variables.push(`POPSERVE_URL=${url.origin}`);
  // Empty, so that the token in the data folder is taken.
  if (environment.POPSERVE_TOKEN) variables.push('POPSERVE_TOKEN=');
  if (data !== defaultData) variables.push(`POPSERVE_DATA=${shellLine([data])}`);
  return [...variables, shellLine(['npx', 'popserve', ...words])].join(' ');
}

/** Whether a host stands for all addresses of the machine. */
export function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '*';
}
