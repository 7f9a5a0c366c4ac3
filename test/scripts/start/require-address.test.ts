// An address that a PoP cannot have is named before anything is built, with one that it can have.
import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { requireAddress } from '../../../scripts/start/require-address.ts';
import { close, listen, portOf } from '../../harness/http-server.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await close(server);
});

async function takenPort(): Promise<number> {
  const server = createServer();
  open.push(server);
  await listen(server);
  return portOf(server);
}

it('lets a free port pass, and leaves it free', async () => {
  await requireAddress('127.0.0.1', 0);
  const port = await takenPort();
  await close(open.pop() as Server);
  await requireAddress('127.0.0.1', port);
  await requireAddress('127.0.0.1', port);
});

it('names a port that is taken, and a free one behind it', async () => {
  const port = await takenPort();
  const error = await requireAddress('127.0.0.1', port).catch((refusal: unknown) => refusal);
  expect(error).toMatchObject({ code: 'CONFLICT' });
  const message = String(error);
  const [, free] = /port \d+ of 127\.0\.0\.1 is taken; (\d+) is free: --port \1$/.exec(message) ?? [];
  expect(message).toContain(`port ${port} of 127.0.0.1 is taken`);
  await requireAddress('127.0.0.1', Number(free));
});

it('names a host that is not of this machine', async () => {
  // Reserved for documentation, so that no machine has it: RFC 5737.
  await expect(requireAddress('192.0.2.1', 0)).rejects.toThrow(
    '--host 192.0.2.1: the system cannot listen there (EADDRNOTAVAIL); expected an address of this machine: 127.0.0.1 is reached from it alone, 0.0.0.0 from everywhere',
  );
});
