// `popserve start`: the local PoP of the project in the current folder, until it is told to end.
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { isHostName } from '../../../registry/host-name.ts';
import { untilSignal } from '../../build/process-end.ts';
import { announcement } from '../../start/announcement.ts';
import { serve } from '../../start/serve.ts';
import { parseDriftWindow, parsePort } from '../arguments.ts';
import type { Host } from '../host.ts';
import { defaultDataFolder } from '../settings.ts';

interface StartOptions {
  port: number;
  host: string;
  data?: string;
  cors?: string;
  allowHost?: string[];
  driftWindow?: number;
  env?: string;
  demo?: boolean;
  empty?: boolean;
  verbose?: boolean;
  json?: boolean;
}

export function addStart(program: Command, host: Host): void {
  program
    .command('start')
    .description('run the local PoP of the project in this folder, with the settings of its wrangler.toml')
    .option('--port <port>', 'listen on this port; 0 takes a free one', parsePort, 8787)
    .option('--host <address>', 'listen on this address; 0.0.0.0 is every address of the machine', '127.0.0.1')
    .option('--data <folder>', 'keep the registry and the token there (default: .popserve)')
    .option('--cors <origins>', 'web pages of these origins may ask: * or origins separated by commas')
    .option('--allow-host <name>', 'answer requests for this name too, as a proxy in front sends it', collectHost)
    .option(
      '--drift-window <seconds>',
      'to try drift out: judge it in windows of 1 to 3600 seconds instead of 300',
      parseDriftWindow,
    )
    .option('--env <name>', 'take the settings of this environment of wrangler.toml')
    .option('--demo', 'release the demo model into an empty registry')
    .option('--empty', 'release nothing, even with --demo')
    .option('--verbose', "print the Worker's log")
    .option('--json', 'machine-readable output: where it listens')
    .action((options: StartOptions) => start(options, host));
}

async function start({ data: folder, demo, empty, ...options }: StartOptions, host: Host): Promise<void> {
  const defaultData = defaultDataFolder(host.env);
  const data = folder === undefined ? defaultData : resolve(folder);
  const say = (line: string) => (options.json ? host.err : host.out)(`${line}\n`);
  await using serving = await serve(
    {
      ...options,
      data,
      demo: demo === true && !empty,
      environment: options.env,
      verbose: options.verbose === true,
    },
    say,
  );
  // From here on: a signal while it starts ends the process at once, and miniflare has a listener of its own, which would too.
  const ended = untilSignal();
  const { url, open, served } = serving;
  const announced = {
    url,
    host: options.host,
    served,
    open,
    data,
    defaultData,
    environment: host.env,
    folder: process.cwd(),
  };
  host.out(options.json ? `${JSON.stringify({ url: url.origin, data, open })}\n` : `${announcement(announced)}\n`);
  await ended;
}

function collectHost(text: string, collected: string[] | undefined): string[] {
  if (isHostName(text)) return [...(collected ?? []), text];
  throw new InvalidArgumentError('expected a name or an address without a port, like pop.example or [fd00::1].');
}
