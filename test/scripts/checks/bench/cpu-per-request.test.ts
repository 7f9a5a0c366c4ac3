import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { costOf } from '../../../../scripts/checks/bench/cpu-per-request.ts';
import { httpRequest } from '../../../../scripts/checks/bench/http-connection.ts';

test('exactly as many requests are sent as were asked for, on all connections, and what they took is divided by them', async () => {
  let requests = 0;
  const sockets = new Set<unknown>();
  const server = createServer((request, response) => {
    requests++;
    sockets.add(request.socket);
    response.setHeader('content-length', '2').end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const load = { connections: 3, requests: 50 };
    const started = performance.now();
    const { cpuUs, wallUs } = await costOf({ port, pid: process.pid }, httpRequest('GET', '/'), load);
    const tookUs = (performance.now() - started) * 1000;
    expect(requests).toBe(50);
    expect(sockets.size).toBe(3);
    expect(wallUs).toBeGreaterThan(0);
    expect(wallUs * 50).toBeLessThanOrEqual(tookUs);
    expect(cpuUs).toBeGreaterThan(0);
  } finally {
    server.close();
  }
});
