import { existsSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PopserveError } from '../../../registry/errors.ts';
import { model, node, tensorValue } from '../../../scripts/onnx/build.ts';
import { readModel, writeModel } from '../../../scripts/onnx/model-file.ts';
import { TensorProto_DataType } from '../../../scripts/onnx/onnx_pb.ts';
import { hasZoo, zooFile, zooJson, zooPath } from '../../zoo/zoo.ts';

const ascii = (text: string) => new TextEncoder().encode(text);

function addModel() {
  const x = tensorValue('x', TensorProto_DataType.FLOAT, ['batch', 2]);
  const y = tensorValue('y', TensorProto_DataType.FLOAT, ['batch', 2]);
  return model({
    name: 'double',
    opsets: { '': 17 },
    inputs: [x],
    outputs: [y],
    nodes: [node('Add', ['x', 'x'], ['y'])],
  });
}

function refusal(bytes: Uint8Array): PopserveError {
  try {
    readModel(bytes);
  } catch (error) {
    if (error instanceof PopserveError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('reading a model file', () => {
  it('gives back the model that was written', () => {
    const written = addModel();
    const read = readModel(writeModel(written));
    expect(read).toEqual(written);
    expect(read.graph.node[0]?.opType).toBe('Add');
  });

  it('keeps fields that it does not know, through an edit', () => {
    // Field 20 of the model (training_info), wire type 2, holding one byte.
    const unknown = Buffer.of(0xa2, 0x01, 0x01, 0x2a);
    const bytes = Buffer.concat([writeModel(addModel()), unknown]);
    const read = readModel(bytes);
    read.graph.name = 'renamed';
    expect(Buffer.from(writeModel(read)).includes(unknown)).toBe(true);
  });

  it.each([
    ['an empty file', new Uint8Array(0), 'an empty file'],
    ['an HTML page', ascii('\n<!DOCTYPE html><html><body>404</body></html>'), 'an HTML page'],
    ['JSON', ascii('{"error": "not found"}'), 'JSON'],
    ['JSON behind a byte order mark', ascii('\ufeff{"error": "not found"}'), 'JSON'],
    ['an XML document', ascii('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'), 'an XML document'],
    ['a Git LFS pointer', ascii('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), 'a Git LFS pointer'],
    ['plain text', ascii('Not Found'), 'plain text'],
    ['UTF-16 text', Uint8Array.of(0xff, 0xfe, 0x44, 0, 0x61, 0), 'UTF-16 text'],
    ['a gzip file', gzipSync(writeModel(addModel())), 'a gzip file'],
    ['a ZIP file', ascii('PK\x03\x04 and more'), 'a ZIP file'],
    ['what torch.save writes', ascii('PK\x03\x04\0\0archive/data.pkl'), 'export it to ONNX first'],
    ['a pickle', Uint8Array.of(0x80, 0x02, 0x8a), 'export it to ONNX first'],
    ['a PNG image', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0), 'a PNG image'],
    ['a model in ORT format', ascii('\x10\0\0\0ORTM\0\0\0\0'), 'ORT format'],
    ['a tar archive', Buffer.concat([new Uint8Array(257), ascii('ustar\0')]), 'a tar archive'],
    ['a message without a graph', Uint8Array.of(0x08, 0x08), '2 bytes without a graph'],
  ])('refuses %s and says so', (_, bytes, words) => {
    const error = refusal(bytes);
    expect(error.code).toBe('UNPROCESSABLE');
    expect(error.message).toContain('expected an ONNX model');
    expect(error.message).toContain(words);
  });

  it('refuses a model cut off anywhere', () => {
    const bytes = writeModel(addModel());
    const graphEnds = bytes.length - 10;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: graphEnds }), (length) => {
        expect(refusal(bytes.subarray(0, length)).code).toBe('UNPROCESSABLE');
      }),
    );
  });

  it('answers any bytes with a model or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), (bytes) => {
        try {
          expect(readModel(bytes).graph).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(PopserveError);
        }
      }),
    );
  });
});

describe.skipIf(!hasZoo)('the model zoo', () => {
  /** Files that native onnxruntime parses but that are not ONNX, or the other way round. */
  const isOrtFile = (file: string) => file.endsWith('.ort');

  interface HostileFile {
    file: string;
    what: string;
    result: { native?: { load?: string } };
  }
  const hostile = hasZoo ? zooJson<HostileFile[]>('hostile', 'manifest.json') : [];

  it.each(hostile)('$file ($what) is refused exactly where the runtime cannot parse it', ({ file, result }) => {
    const load = result.native?.load ?? '';
    const isUnparsable = /parsing failed|data pointer is null|No graph was found/.test(load) || isOrtFile(file);
    const bytes = zooFile('hostile', file);
    if (isUnparsable) expect(refusal(bytes).message).toMatch(/^expected an ONNX model, got /);
    else expect(readModel(bytes).graph).toBeDefined();
  });

  const models = hasZoo ? readdirSync(zooPath()).filter((name) => existsSync(zooPath(name, 'model.onnx'))) : [];

  it.each(models)('%s is written back byte for byte', (name) => {
    const bytes = zooFile(name, 'model.onnx');
    expect(Buffer.compare(writeModel(readModel(bytes)), bytes)).toBe(0);
  });
});
