import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Signature } from '../../../../registry/signature.ts';
import { readData } from '../../../../scripts/validation/read-data.ts';
import { runCommand } from '../captured-host.ts';
import { ScriptedPop } from '../scripted-pop.ts';

const lines = [
  '{"id":9007199254740993,"name":"a, \\"b\\" ","x":[1.5,null],"prediction":{"y":[0.25,0.75]},"at":"2026-11-24T12:00:00.000Z","version":"1","pop":"HEL","region":null}',
  '{"id":2,"name":"c","x":[2,3],"prediction":{"y":[1,0]},"at":"2026-11-24T12:00:01.000Z","version":"1","pop":"HEL","region":"EU"}',
];
const signature: Signature = {
  inputs: [
    { name: 'id', datatype: 'INT64', shape: [-1] },
    { name: 'name', datatype: 'BYTES', shape: [-1, 1] },
    { name: 'x', datatype: 'FP32', shape: [-1, 2] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
};

const pop = ScriptedPop.perCase();
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'popserve-sample-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function answerWith(body: string, skipped = 0): void {
  const headers = { 'popserve-sample-seen': '5000', 'popserve-sample-skipped': String(skipped) };
  pop.intercept = () => ({ status: 200, headers, body: new TextEncoder().encode(body) });
}

it('prints JSON lines, or one document', async () => {
  answerWith(`${lines.join('\n')}\n`);
  const { out, status } = await runCommand(['sample', 'm', '--version', '1', '--pop', 'HEL'], pop.url);
  expect([status, out]).toEqual([0, `${lines.join('\n')}\n`]);
  expect(pop.calls).toEqual(['GET /registry/models/m/sample?version=1&pop=HEL']);
  const document = await runCommand(['sample', 'm', '--json'], pop.url);
  expect(JSON.parse(document.out)).toEqual(lines.map((line) => JSON.parse(line)));
  expect(document.out).toContain('9007199254740993');
});

it.each(['jsonl', 'csv'])('writes a .%s that publish reads as reference data, for its owner alone', async (ending) => {
  answerWith(`${lines.join('\n')}\n`, 12);
  const path = join(directory, `sample.${ending}`);
  const { out } = await runCommand(['sample', 'm', '--output', path], pop.url);
  expect(out).toBe(`2 of 5000 rows in ${path}; 12 were drawn and too large\n`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  if (ending === 'csv') {
    const [header, first] = (await readFile(path, 'utf8')).split('\r\n');
    expect(header).toBe('id,name,x[0],x[1],prediction.y[0],prediction.y[1],at,version,pop,region');
    expect(first).toBe('9007199254740993,"a, ""b"" ",1.5,,0.25,0.75,2026-11-24T12:00:00.000Z,1,HEL,');
  }
  const [, name, x] = (await (await readData({ path }, signature, false)).inputs(0, 2)).map(({ data }) => data);
  expect(name).toEqual(['a, "b" ', 'c'].map((text) => new TextEncoder().encode(text)));
  expect(x).toEqual(new Uint8Array(Float32Array.of(1.5, Number.NaN, 2, 3).buffer));
});

it('writes no cell that a spreadsheet computes, and leaves numbers alone', async () => {
  const cells = ['=1+1', '+A1', '-A1', '@SUM(A1)', '\tx', '\r=x', '-1.5', '+2', '-1e-7', 'plain', 'a=b', '-'];
  answerWith(`${cells.map((name) => JSON.stringify({ name, x: -1.5, '=y': -0.25 })).join('\n')}\n`);
  const path = join(directory, 'sample.csv');
  await runCommand(['sample', 'm', '--output', path], pop.url);
  const rows = (await readFile(path, 'utf8')).trim().split('\r\n');
  expect(rows).toEqual([
    "name,x,'=y",
    ...["'=1+1", "'+A1", "'-A1", "'@SUM(A1)", "'\tx", '"\'\r=x"', '-1.5', '+2', '-1e-7', 'plain', 'a=b', "'-"].map(
      (cell) => `${cell},-1.5,-0.25`,
    ),
  ]);
});

it('takes from a file that is there the rights that others have on it', async () => {
  answerWith(`${lines.join('\n')}\n`);
  const path = join(directory, 'sample.jsonl');
  for (const file of [path, `${path}.part`]) {
    await writeFile(file, 'before');
    await chmod(file, 0o644);
  }
  await runCommand(['sample', 'm', '--output', path], pop.url);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('says so where nothing is kept', async () => {
  answerWith('', 7);
  const { status, err } = await runCommand(['sample', 'm'], pop.url);
  expect(status).toBe(1);
  expect(err).toContain("no sampled input of 'm' is kept; 7 rows were drawn and too large");
});

it('deletes all of a model', async () => {
  pop.intercept = () => ({ status: 200, body: { model: 'm', rows: 41 } });
  const { out } = await runCommand(['sample', 'm', '--delete'], pop.url);
  expect(pop.calls).toEqual(['DELETE /registry/models/m/sample']);
  expect(out).toBe('m: 41 sampled rows deleted; what is asked in the rest of the time window is not kept either\n');
});

it.each([
  [['--output', 'sample.txt'], '.csv'],
  [['--delete', '--version', '1'], '--version'],
])('%j is wrong usage', async (options, named) => {
  const { status, err } = await runCommand(['sample', 'm', ...options], pop.url);
  expect([status, pop.calls]).toEqual([2, []]);
  expect(err).toContain(named);
});
