import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { floats, model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { canonicalOrt } from '../../../scripts/onnx/canonical-ort.ts';
import { writeModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';

const { FLOAT } = TensorProto_DataType;
const folder = mkdtempSync(join(tmpdir(), 'popserve-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Operators enough that two runs hardly ever write them in the same order. */
const chain = ['Relu', 'Sigmoid', 'Tanh', 'Abs', 'Neg', 'Exp', 'Floor', 'Ceil', 'Sqrt', 'Erf'];

const source = writeModel(
  model({
    name: 'chain',
    opsets: { '': 17 },
    inputs: [tensorValue('v0', FLOAT, ['n', 3])],
    outputs: [tensorValue('y', FLOAT, ['n', 5])],
    nodes: [
      ...chain.map((operator, index) => node(operator, [`v${index}`], [`v${index + 1}`])),
      node('MatMul', [`v${chain.length}`, 'w'], ['y']),
    ],
    initializers: [
      floats(
        'w',
        [3, 5],
        Array.from({ length: 15 }, (_, index) => index),
      ),
    ],
  }),
);

async function convert(): Promise<Uint8Array<ArrayBuffer>> {
  const target = join(folder, 'converted.ort');
  const options = { optimizedModelFilePath: target, graphOptimizationLevel: 'disabled', logSeverityLevel: 4 } as const;
  await (await InferenceSession.create(source, options)).release();
  return new Uint8Array(readFileSync(target));
}

async function answers(file: Uint8Array): Promise<ArrayLike<unknown>> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  const { y } = await session.run({ v0: new Tensor('float32', [0.5, -1, 2], [1, 3]) });
  await session.release();
  return y?.data as Float32Array;
}

describe('the canonical form of an ORT file', () => {
  it('is the same for every conversion of one model, though onnxruntime writes different files', async () => {
    const files = [await convert(), await convert(), await convert()];
    expect(new Set(files.map((file) => Buffer.from(file).toString('base64'))).size).toBeGreaterThan(1);
    expect(new Set(files.map((file) => Buffer.from(canonicalOrt(file)).toString('base64'))).size).toBe(1);
  });

  it('has the operators in order of their names', async () => {
    const text = Buffer.from(canonicalOrt(await convert())).toString('latin1');
    const operators = [...text.matchAll(/:[A-Z][A-Za-z]+:\d+/g)].map(([name]) => name);
    expect(operators.length).toBeGreaterThan(chain.length);
    expect(operators).toEqual([...operators].sort());
  });

  it('loads in onnxruntime and gives the same answers', async () => {
    const file = await convert();
    const canonical = canonicalOrt(file);
    expect(Buffer.compare(file, canonical)).not.toBe(0);
    expect(await answers(canonical)).toEqual(await answers(file));
  });

  it('is its own canonical form', async () => {
    const canonical = canonicalOrt(await convert());
    expect(Buffer.compare(canonicalOrt(canonical), canonical)).toBe(0);
  });

  it('keeps what lies behind the table, at the same distance from the end', async () => {
    const file = await convert();
    const canonical = canonicalOrt(file);
    const weights = Buffer.from(Float32Array.from({ length: 15 }, (_, index) => index).buffer);
    const [before, after] = [file, canonical].map((bytes) => bytes.length - Buffer.from(bytes).indexOf(weights));
    expect(after).toBe(before);
    expect(canonical.length % 64).toBe(0);
  });

  it('leaves any other bytes as they are, or at least never fails on them', async () => {
    const file = await convert();
    fc.assert(
      fc.property(fc.nat(400), fc.nat(255), (at, value) => {
        const damaged = file.slice();
        damaged[at] = value;
        expect(canonicalOrt(damaged)).toBeInstanceOf(Uint8Array);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const copy = new Uint8Array(bytes);
        expect(canonicalOrt(copy)).toBe(copy);
      }),
    );
    for (const length of [0, 7, 100, file.length / 2]) {
      expect(canonicalOrt(file.slice(0, length))).toBeInstanceOf(Uint8Array);
    }
  });
});
