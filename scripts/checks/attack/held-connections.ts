// Attacks that hold connections: each sends a head and bytes at a pace of its own, and is over when the server answers or closes.
import { connect, type Socket } from 'node:net';
import type { Attack } from './kind.ts';
import type { Identity, Target } from './target.ts';

export interface HeldConnection {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent behind the head at once. */
  readonly first: Uint8Array;
  /** Then sent again and again. */
  readonly more?: { readonly bytes: Uint8Array; readonly everyMs: number };
}

/** Given up by the attacker after this; an attack that was never answered is told as such. */
const patienceMs = 8000;

/** @param attacker null: without a credential */
export function holdConnections(target: Target, attacker: Identity | null, held: HeldConnection): Attack {
  const open = new Set<Socket>();
  return {
    fire: () => hold(target, attacker, held, open),
    end: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

async function hold(
  { pop }: Target,
  attacker: Identity | null,
  { method, path, headers, first, more }: HeldConnection,
  open: Set<Socket>,
): Promise<string> {
  const socket = connect(Number(pop.url.port), '127.0.0.1');
  open.add(socket);
  const all = {
    host: 'localhost',
    'cf-connecting-ip': attacker?.address ?? '192.0.2.254',
    ...(attacker === null ? {} : { authorization: `Bearer ${attacker.key}` }),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('error', () => resolve('closed'));
  socket.on('close', () => resolve('closed'));
  socket.once('data', (bytes) => resolve(/^HTTP\/1.1 (\d+)/.exec(bytes.toString('latin1'))?.[1] ?? 'nonsense'));
  const givenUp = setTimeout(() => resolve('not answered yet'), patienceMs);
  let sending: NodeJS.Timeout | undefined;
  try {
    socket.write(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n`);
    socket.write(first);
    if (more !== undefined) {
      sending = setInterval(() => {
        if (!socket.writableNeedDrain) socket.write(more.bytes);
      }, more.everyMs);
    }
    return await promise;
  } finally {
    clearTimeout(givenUp);
    clearInterval(sending);
    socket.destroy();
    open.delete(socket);
  }
}
