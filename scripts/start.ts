// `npm start`: a local PoP with the demo model released into it if its registry is empty.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isHostName } from '../registry/host-name.ts';
import { projectRoot } from './build/project.ts';
import { demoModel } from './demo/demo-model.ts';
import { localSettings, type Pop, startPop } from './local-pop/pop.ts';

const usage = `npm start [-- --port N] [--host NAME] [--data DIR] [--empty] [--verbose]
  --port N     listen on this port of 127.0.0.1 (default 8787)
  --host NAME  answer requests for this name too, as a proxy or a tunnel in front sends it; may be given several times
  --data DIR   keep the registry and the operator's token there (default .popserve)
  --empty      release nothing into an empty registry
  --verbose    print the Worker's log`;

const options = readOptions();
process.stdout.write('Starting a local PoP: bundling the Worker, starting workerd …\n');
const pop = await start();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(0));

try {
  let listed = await listServed(pop);
  if (listed.length === 0 && !options.empty) {
    process.stdout.write(`The registry is empty: releasing the demo model '${demoModel.name}' …\n`);
    await releaseDemo(pop);
    listed = await listServed(pop);
  }
  printServing(pop, listed);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  await stop(1);
}

interface Served {
  name: string;
  versions: number;
  aliases: Record<string, string>;
}

interface Options {
  readonly port: number;
  readonly hosts: readonly string[];
  readonly data: string;
  readonly empty: boolean;
  readonly verbose: boolean;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '8787' },
        host: { type: 'string', multiple: true, default: [] },
        data: { type: 'string', default: '.popserve' },
        empty: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${usage}\n`);
      process.exit(0);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port: expected 0 to 65535, got ${values.port}`);
    const wrong = values.host.find((name) => !isHostName(name));
    if (wrong !== undefined) {
      throw new Error(
        `--host: expected a name or an address without a port, like pop.example or [fd00::1], got ${wrong}`,
      );
    }
    const { empty, verbose, data } = values;
    return { port, hosts: values.host, data: resolve(projectRoot, data), empty, verbose };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`);
    process.exit(2);
  }
}

async function start(): Promise<Pop> {
  try {
    return await startPop({
      directory: options.data,
      port: options.port,
      // The page of examples/browser.
      settings: {
        CORS_ORIGINS: 'http://127.0.0.1:8000,http://localhost:8000',
        ALLOWED_HOSTS: [localSettings.ALLOWED_HOSTS, ...options.hosts].join(','),
      },
      onLog: (line) => {
        if (options.verbose || /"event":"(internal-error|model-unavailable|heap-broken)"/.test(line))
          process.stdout.write(`${line}\n`);
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const taken = /EADDRINUSE|[Aa]ddress already in use/.test(message);
    process.stderr.write(
      taken
        ? `Port ${options.port} is taken. Choose another: npm start -- --port ${options.port + 1}\n`
        : `${message}\n`,
    );
    process.exit(1);
  }
}

async function listServed({ url }: Pop): Promise<Served[]> {
  const response = await fetch(new URL('/v2/models', url));
  if (!response.ok) throw new Error(`the PoP does not list its models: ${await response.text()}`);
  return ((await response.json()) as { models: Served[] }).models;
}

/** With the very command that an operator would use. */
async function releaseDemo({ url, token }: Pop): Promise<void> {
  const { file, testData, name, version, description, features } = demoModel;
  const command = ['publish', file, '--name', name, '--version', version, '--activate'];
  command.push(
    '--features',
    features.join(','),
    '--test-data',
    testData,
    '--label',
    'failure',
    '--require',
    'roc_auc>=0.9',
  );
  const child = spawn(
    process.execPath,
    ['scripts/popserve.mjs', ...command, '--description', description, '--reason', 'first start'],
    {
      cwd: projectRoot,
      env: { ...process.env, POPSERVE_URL: url.href, POPSERVE_TOKEN: token },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  if (code !== 0)
    throw new Error(`releasing the demo model failed: popserve ${command.join(' ')} (exit status ${code})`);
}

function printServing({ url }: Pop, listed: readonly Served[]): void {
  const serving = listed.map(({ name, versions, aliases }) => {
    const named = Object.entries(aliases).map(([alias, version]) => `${alias} → ${version}`);
    return `  ${name}   ${named.join(', ') || 'not activated'}   (${versions} version${versions === 1 ? '' : 's'})`;
  });
  const lines = [
    '',
    `popserve is listening on ${url.origin}`,
    'It is open: everybody on this machine may infer and download models. Deployments are keyed.',
    '',
    'Serving',
    ...(serving.length > 0 ? serving : ['  nothing yet']),
  ];
  if (listed.some(({ name }) => name === demoModel.name)) {
    lines.push(
      '',
      'Try',
      `  curl -s ${url.origin}/v2/models/${demoModel.name}/infer -d '${JSON.stringify(demoModel.sample)}'`,
    );
  }
  lines.push(
    '',
    'Release a model of your own',
    '  npx popserve publish model.onnx --name my-model --activate',
    '',
    'Ctrl-C stops it.',
    '',
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function stop(code: number): Promise<never> {
  await pop.stop().catch(() => undefined);
  process.exit(code);
}
