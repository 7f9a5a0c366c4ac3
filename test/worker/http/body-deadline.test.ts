// A body has a time in which it must have come.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestPop } from '../../harness/pop.ts';
import { adder } from '../../harness/small-models.ts';

let pop: TestPop;
beforeAll(async () => {
  pop = await TestPop.start({ MAX_BODY_SECONDS: '0.5' });
  await pop.release(adder('adder', '1', 1));
});
afterAll(() => pop.stop());

test.each([
  ['of a declared length', 'content-length: 1000000', '{'],
  ['without a length', 'transfer-encoding: chunked', '1\r\n{\r\n'],
  ['that is compressed', 'content-encoding: gzip\r\ncontent-length: 1000000', gzipSync('{').subarray(0, 10)],
])('a body %s that does not come is refused with 408', async (_, header, begun) => {
  const socket = connect(Number(pop.pop.url.port), '127.0.0.1');
  socket.write(`POST /v2/models/adder/infer HTTP/1.1\r\nhost: localhost\r\n${header}\r\n\r\n`);
  socket.write(begun);
  const answer = await text(socket);
  expect(answer).toContain('HTTP/1.1 408 ');
  expect(answer).toContain('the body took longer than 0.5 s');
});
