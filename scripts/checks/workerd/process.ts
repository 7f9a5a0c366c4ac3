// Starts the bare workerd, `workerd serve`, without miniflare's front: what runs in it is the caller's configuration.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { childEnvironment } from '../../build/child-environment.ts';
import { onProcessEnd } from '../../build/process-end.ts';

/** The binary that the package brings for this system; it has no types. */
const workerd = createRequire(import.meta.url)('workerd') as { default: string; version: string };

export const workerdVersion = workerd.version;

/** Kept for the message when workerd does not come up. */
const mostLines = 50;

export interface WorkerdOptions {
  /** Where its configuration is written; workerd reads it until it has started. */
  readonly folder: string;
  /** @see https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
  readonly config: string;
  /** How many sockets the configuration opens. */
  readonly sockets: number;
  /** Opens the inspector; without it nothing watches the isolates. */
  readonly inspect?: boolean;
  readonly longestStartMs?: number;
  /** Lines that the Workers log. */
  readonly onLog?: ((line: string) => void) | undefined;
}

export interface Workerd {
  /** By the name of the socket. */
  readonly ports: ReadonlyMap<string, number>;
  /** 0 without an inspector. */
  readonly inspectorPort: number;
  readonly pid: number;
  /** Ends the process at once. */
  stop(): Promise<void>;
}

/** @throws Error with what workerd printed when it does not come up */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const { folder, sockets, inspect = false, longestStartMs = 60_000 } = options;
  const config = join(folder, 'workerd.capnp');
  await writeFile(config, options.config);
  // Embedded files are named from the root.
  const flags = ['--import-path=/', '--control-fd=3', ...(inspect ? ['--inspector-addr=127.0.0.1:0'] : [])];
  const child = spawn(workerd.default, ['serve', config, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: childEnvironment(process.env),
  });
  const orphan = onProcessEnd(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').finally(() => orphan[Symbol.dispose]());
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as Readable }).on('line', (line) => {
      options.onLog?.(line);
      if (printed.push(line) > mostLines) printed.shift();
    });
  }
  const listening = await readPorts(child, sockets, inspect, longestStartMs);
  if (listening !== null) return { ...listening, pid: child.pid ?? 0, stop };
  await stop();
  throw new Error(`workerd did not come up:\n${printed.join('\n')}`);
}

/** workerd writes one JSON object per listening socket to the control descriptor; null: it has ended, or takes too long. */
async function readPorts(
  child: ChildProcess,
  sockets: number,
  inspected: boolean,
  longestMs: number,
): Promise<Pick<Workerd, 'ports' | 'inspectorPort'> | null> {
  const timer = setTimeout(() => child.kill('SIGKILL'), longestMs);
  const ports = new Map<string, number>();
  let inspectorPort = 0;
  try {
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      const message = JSON.parse(line) as { event: string; socket?: string; port: number };
      if (message.event === 'listen-inspector') inspectorPort = message.port;
      else if (message.event === 'listen' && message.socket !== undefined) ports.set(message.socket, message.port);
      if (ports.size === sockets && (inspectorPort !== 0 || !inspected)) return { ports, inspectorPort };
    }
    return null;
  } finally {
    clearTimeout(timer);
  }
}
