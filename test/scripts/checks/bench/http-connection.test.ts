import { createServer, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpConnection, httpRequest, parseAnswer } from '../../../../scripts/checks/bench/http-connection.ts';
import { measureLatencies, measureThroughput } from '../../../../scripts/checks/bench/load.ts';
import { close, listen, portOf } from '../../../harness/http-server.ts';

let server: Server;
let port: number;
let connections = 0;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (request.url === '/refused') response.writeHead(400, { 'content-length': 5 }).end('wrong');
    else if (request.url === '/closed') response.destroy();
    else if (request.url === '/chunked') response.writeHead(200).write('some', () => response.end('more'));
    else response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  server.on('connection', () => connections++);
  await listen(server);
  port = portOf(server);
});

afterAll(() => close(server));

test('an answer larger than a packet arrives whole, and the connection is used again', async () => {
  const before = connections;
  using connection = await HttpConnection.open(port);
  const body = new Uint8Array(300_000).fill(7);
  const request = httpRequest('POST', '/echo', {}, body);
  for (let index = 0; index < 3; index++) {
    expect((await connection.send(request)).body.equals(body)).toBe(true);
  }
  expect(connections - before).toBe(1);
});

test('a chunked answer ends where its last chunk does', async () => {
  using connection = await HttpConnection.open(port);
  expect((await connection.send(httpRequest('GET', '/chunked'))).body.toString()).toContain('more');
});

test('an answer that is no success is an error with its text', async () => {
  using connection = await HttpConnection.open(port);
  await expect(connection.send(httpRequest('GET', '/refused'))).rejects.toThrow('status 400: wrong');
});

test('a connection that the server closes is an error, also for the next request', async () => {
  using connection = await HttpConnection.open(port);
  await expect(connection.send(httpRequest('GET', '/closed'))).rejects.toThrow('closed');
  await expect(connection.send(httpRequest('GET', '/echo'))).rejects.toThrow('closed');
});

test('an answer that is not whole is none yet', () => {
  const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc');
  for (let length = 0; length < whole.length; length++) expect(parseAnswer(whole.subarray(0, length))).toBeNull();
  expect(parseAnswer(whole)).toMatchObject({ status: 200, body: Buffer.from('abc') });
});

test('the load generator counts one latency per request, and no answer that failed', async () => {
  expect(await measureLatencies(port, httpRequest('POST', '/echo', {}, 'x'), 7)).toHaveLength(7);
  const { perSecond, p50Ms, p99Ms } = await measureThroughput(port, httpRequest('POST', '/echo', {}, 'x'), {
    connections: 4,
    durationMs: 50,
  });
  expect(perSecond).toBeGreaterThan(0);
  expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
  const refused = measureThroughput(port, httpRequest('GET', '/refused'), { connections: 2, durationMs: 50 });
  await expect(refused).rejects.toThrow('status 400');
});
