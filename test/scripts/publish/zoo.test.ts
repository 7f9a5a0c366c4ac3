// Files of the zoo that golden.test.ts does not publish: ORT format, and everything that is odd or hostile.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasZoo, zooJson, zooPath } from '../../zoo/zoo.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

const hostile = hasZoo ? zooJson<{ file: string; what: string }[]>('hostile', 'manifest.json') : [];

describe.skipIf(!hasZoo)('publishing a model of the zoo', () => {
  it('publishes ORT format as it is', async () => {
    const { manifest } = await workshop.publish(zooPath('mnist-8', 'model.ort'));
    expect(manifest.artifacts.model).toMatchObject({ format: 'ort', digest: manifest.source.digest });
    expect(manifest.artifacts.golden).toBeDefined();
  });
});

/** The odd ones that work, with the format they are published in and what is said about them. */
const accepted: Record<string, [format: 'ort' | 'onnx', note?: RegExp]> = {
  'bf16_io.onnx': ['ort', /not compared with native onnxruntime.*data type: 16/],
  'bomb_expand_by_input.onnx': ['ort'],
  'bomb_range_by_input.onnx': ['ort'],
  'cpu_matmul_chain.onnx': ['ort'],
  'deep_if_20.onnx': ['onnx', /converted to ORT format is not used/],
  'gather_oob.onnx': ['ort'],
  'int_div_zero.onnx': ['ort'],
  'many_inputs_1000.onnx': ['ort'],
  'no_inputs_constant.onnx': ['ort'],
  'no_nodes_passthrough.onnx': ['ort'],
  'ortweb_bug_range_of_rank.onnx': ['ort', /only without graph optimisation/],
  'reshape_mismatch.onnx': ['ort', /no shape for output 'y'/],
  'weights_flipped.onnx': ['ort'],
  'weird_names.onnx': ['ort'],
};

const refused: Record<string, RegExp> = {
  'empty.onnx': /an empty file/,
  'one_byte.onnx': /do not parse/,
  'random_64k.onnx': /do not parse/,
  'html_404.onnx': /an HTML page/,
  'json_error.onnx': /JSON/,
  'git_lfs_pointer.onnx': /Git LFS/,
  'gzipped.onnx': /gzip/,
  'image.png.onnx': /PNG/,
  'text_utf16.onnx': /UTF-16/,
  'truncated_half.onnx': /do not parse/,
  'truncated_tail.onnx': /do not parse/,
  'truncated_head.onnx': /do not parse/,
  'zeroed_tail.onnx': /do not parse/,
  'mnist_plus_garbage.onnx': /do not parse/,
  'unknown_op.onnx': /FluxCapacitor/,
  'unknown_domain.onnx': /com\.acme:Magic/,
  'needs_ort_extensions.onnx': /com\.microsoft\.extensions:DecodeImage/,
  'legacy_ir1_no_opset.onnx': /Missing opset/,
  'future_opset99.onnx': /Opset 99/,
  'opset27.onnx': /Opset 27/,
  'future_ir99.onnx': /IR version: 99/,
  'old_opset6_add.onnx': /Add\(6\)/,
  'optimised_for_x64_nchwc.onnx': /com\.microsoft\.nchwc:Conv/,
  'no_graph.onnx': /without a graph/,
  'no_outputs.onnx': /no outputs/,
  'cycle.onnx': /not acyclic/,
  'dangling_input.onnx': /'nowhere'/,
  'duplicate_output.onnx': /Duplicate definition of name \(y\)/,
  'type_mismatch.onnx': /Type Error/,
  'initializer_lies_about_size.onnx': /weight 'w' .*expected 17179869184 bytes, the file has 16/,
  'negative_dim.onnx': /weight 'w' .*negative/,
  'external_data_missing.onnx': /keeps weights in files beside it \("weights\.bin"\)/,
  'external_data_traversal.onnx': /keeps weights in files beside it .*etc\/passwd/,
  'bomb_light_bvlc_alexnet.onnx': /needs more memory .*: its weights alone have 23\d\.\d MiB, limit 96 MiB; quantise/,
  'bomb_light_vgg19.onnx':
    /: it would take a heap of \d+\.\d MiB, limit 480\.0 MiB \(while it is checked, a file may take 5 times the memory budget/,
  'bomb_constantofshape_8gib.onnx': /needs more memory .*32 bits/,
  'cpu_infinite_loop.onnx': /did not finish one run on its sample input within 5 s/,
  'deep_if_200.onnx': /nested deeper/,
  'deep_if_3000.onnx': /nested deeper/,
  'int4_io.onnx': /output 'y' is of type int4/,
  'sequence_io.onnx': /output 'y' is no tensor/,
  'truncated.ort': /verification failed/,
  'ort_bad_identifier.ort': /do not parse/,
  'ort_bitrot.ort': /verification failed/,
};

describe.skipIf(!hasZoo)('publishing hostile files', () => {
  it('says of each what is to happen', () => {
    expect([...Object.keys(accepted), ...Object.keys(refused)].sort()).toEqual(hostile.map(({ file }) => file).sort());
  });

  it.each(hostile)('$file ($what) is published or refused, never a crash', { timeout: 60_000 }, async ({ file }) => {
    const timeoutSeconds = file === 'cpu_infinite_loop.onnx' ? 5 : 30;
    const publishing = workshop.publish(zooPath('hostile', file), { timeoutSeconds });
    const words = refused[file];
    if (words) {
      await expect(publishing).rejects.toMatchObject({ code: 'UNPROCESSABLE', message: expect.stringMatching(words) });
      return;
    }
    const { manifest, notes } = await publishing;
    const [format, note] = accepted[file] ?? [];
    expect(manifest.artifacts.model.format).toBe(format);
    expect(manifest.warmup).not.toBeNull();
    if (note) expect(notes.join()).toMatch(note);
    else expect(notes.filter((text) => !/^(inputs are limited to|no output has a row)/.test(text))).toEqual([]);
  });
});
