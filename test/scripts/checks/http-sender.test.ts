import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpSender } from '../../../scripts/checks/http-sender.ts';
import { close, listen, portOf } from '../../harness/http-server.ts';

let server: Server;
let port: number;
let connections: number;
/** Fates of the next requests in their order; later ones are answered. */
let ahead: 'close'[];

beforeEach(async () => {
  [connections, ahead] = [0, []];
  server = createServer((request, response) => {
    if (ahead.shift() === 'close') request.socket.resetAndDestroy();
    else if (request.url !== '/silent') response.writeHead(201, { 'x-method': request.method }).end(request.url);
  });
  server.on('connection', () => connections++);
  await listen(server);
  port = portOf(server);
});
afterEach(() => close(server));

test('keeps its connection and tells the answer whole', async () => {
  using sender = new HttpSender({ connections: 1, longestMs: 5_000 });
  for (const path of ['/a', '/b']) {
    const answer = await sender.send(port, { method: 'PUT', path, body: 'x' });
    expect(answer).toMatchObject({ status: 201, headers: { 'x-method': 'PUT' } });
    expect(answer.body.toString()).toBe(path);
  }
  expect(connections).toBe(1);
});

test('sends again on a new connection what met the end of a kept one, and once only', async () => {
  using sender = new HttpSender({ connections: 1, longestMs: 5_000 });
  await sender.send(port, { method: 'GET', path: '/' });
  ahead = ['close'];
  expect(await sender.send(port, { method: 'GET', path: '/' })).toMatchObject({ status: 201 });
  expect(connections).toBe(2);
  await sender.send(port, { method: 'GET', path: '/' });
  ahead = ['close', 'close'];
  await expect(sender.send(port, { method: 'GET', path: '/' })).rejects.toThrow('ECONNRESET');
});

test('does not hide that a new connection is closed, nor that no answer comes', async () => {
  using sender = new HttpSender({ connections: 1, longestMs: 50 });
  ahead = ['close'];
  await expect(sender.send(port, { method: 'GET', path: '/' })).rejects.toThrow('ECONNRESET');
  await expect(sender.send(port, { method: 'GET', path: '/silent' })).rejects.toThrow('no answer within 0.05 s');
});
