// What a picture costs beside the model's run: a model that only averages its pixels is asked for JPEG, PNG and tensors.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import encodeJpeg, { init } from '@jsquash/jpeg/encode.js';
import { sha256Digest } from '../../../../registry/digests.ts';
import { PictureBatch } from '../../../../worker/pipeline/prepare-pictures.ts';
import { projectRoot } from '../../../build/project.ts';
import { model, node, tensorValue } from '../../../onnx/build.ts';
import { writeModel } from '../../../onnx/model-file.ts';
import { Random } from '../../../random.ts';
import { pngFile } from '../../fuzz-pictures/png-file.ts';
import { summarise } from '../../summarise.ts';
import { unmeasuredManifest } from '../../unmeasured-manifest.ts';
import { startPopserve } from '../contestants.ts';
import { HttpConnection, httpRequest } from '../http-connection.ts';
import { imageNet, imageNetSteps } from '../image-net.ts';
import { interleave } from '../interleave.ts';
import { processCpuMs } from '../process-cpu.ts';
import { number, spread } from '../report.ts';
import { binaryRequest } from '../requests.ts';
import type { BenchContext, Section } from '../section.ts';

const name = 'bench-pictures';
const path = `/v2/models/${name}/infer`;
const [width, height, float32] = [640, 480, 1];
const { side } = imageNet;
const image = imageNetSteps('pixels');

export const pictures: Section = {
  name: 'pictures',
  async run(context) {
    const { quick, note } = context;
    const [rounds, perRound, coldRounds] = quick ? [5, 5, 3] : [21, 20, 9];
    await release(context);
    const rgba = drawPicture();
    const requests = await requestsOf(rgba);
    note('pictures: measuring warm requests');
    const warm = await warmCpu(context, requests, rounds, perRound);
    note('pictures: measuring cold first answers');
    const cold = await coldCpu(context, { JPEG: requests.JPEG, tensor: requests.tensor }, coldRounds);
    const resizeMs = summarise(resizeCpu(rgba, rounds, perRound));
    const scriptKib = (await decoderBytes()) / 1024;
    const jpegMs = summarise(warm.JPEG ?? []);
    const coldMs = summarise(cold.JPEG ?? []).median - summarise(cold.tensor ?? []).median;
    const figure = (what: string, reach: number, measured: number, unit: string) => ({
      ...{ what, reach: `<= ${reach} ${unit}`, measured: `${number(measured)} ${unit}`, met: measured <= reach },
    });
    return {
      title: 'Pictures',
      how: [
        `${width}x${height} pixels to ${side}x${side} FP32, a model that averages each channel, so that its run counts for next to nothing; processor time of all threads of workerd, of ${perRound} requests over one connection, median of ${rounds} rounds in turns.`,
        `Cold: the first inference of a fresh workerd that has answered a health check, ${coldRounds} rounds in turns. Resize: in Node, into memory that is there.`,
      ],
      tables: [
        {
          columns: ['request', 'warm, CPU ms', 'cold first answer, CPU ms'],
          rows: Object.keys(requests).map((form) => [
            form,
            spread(summarise(warm[form] ?? [])),
            cold[form] === undefined ? '' : spread(summarise(cold[form])),
          ]),
        },
        { columns: ['resize, normalise and layout, CPU ms'], rows: [[spread(resizeMs)]] },
      ],
      figures: [
        figure('JPEG 640x480 to answer, warm, without the model, CPU', 12, jpegMs.median, 'ms'),
        figure('resize, normalise and layout of 640x480 to 224, CPU', 2.5, resizeMs.median, 'ms'),
        figure("a picture's cold first answer beyond that of tensors, CPU", 60, coldMs, 'ms'),
        figure('decoders in the script, gzip', 400, scriptKib, 'KiB'),
      ],
    };
  },
};

async function release({ models }: BenchContext): Promise<void> {
  const bytes = writeModel(
    model({
      name: 'averages',
      opsets: { '': 17 },
      inputs: [tensorValue('pixels', float32, ['batch', 3, side, side])],
      outputs: [tensorValue('scores', float32, ['batch', 3])],
      nodes: [node('GlobalAveragePool', ['pixels'], ['means']), node('Flatten', ['means'], ['scores'])],
      initializers: [],
    }),
  );
  const artifact = Uint8Array.from(bytes);
  const digest = await sha256Digest(artifact);
  const signature = {
    inputs: [{ name: 'pixels', datatype: 'FP32' as const, shape: [-1, 3, side, side] }],
    outputs: [{ name: 'scores', datatype: 'FP32' as const, shape: [-1, 3] }],
  };
  const labels = ['red', 'green', 'blue'];
  const after = { step: 'classify' as const, output: 'scores', activation: 'softmax' as const, labels, topK: 3 };
  const pipeline = { schema: 1 as const, task: 'image-classification' as const, image, after };
  const manifest = unmeasuredManifest(name, '1', { digest, bytes: artifact.length }, signature, { pipeline });
  await models.store.release([manifest], [{ digest, bytes: artifact }]);
}

/** Slopes and noise, about as hard to compress as a photograph. */
function drawPicture(): Uint8ClampedArray {
  const random = new Random(7);
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < rgba.length; at += 4) {
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    const noise = random.normal(0, 4);
    rgba.set([x / 3 + noise, y / 2 + noise, 128 + 80 * Math.sin(x / 30) * Math.cos(y / 20) + noise, 255], at);
  }
  return rgba;
}

async function requestsOf(rgba: Uint8ClampedArray): Promise<{ JPEG: Buffer; PNG: Buffer; tensor: Buffer }> {
  const encoder = join(projectRoot, 'node_modules', '@jsquash', 'jpeg', 'codec', 'enc', 'mozjpeg_enc.wasm');
  await init(await WebAssembly.compile(await readFile(encoder)));
  const jpeg = await encodeJpeg({ data: rgba, width, height } as Parameters<typeof encodeJpeg>[0], {
    quality: 85,
    progressive: false,
  });
  const sample = (x: number, y: number, channel: number) => rgba[4 * (y * width + x) + channel] ?? 0;
  const png = pngFile({ width, height, colour: 2, depth: 8, sample, filter: () => 4 });
  const raw = (type: string, file: Uint8Array) => httpRequest('POST', path, { 'content-type': type }, file);
  const batch = batchOf(rgba);
  return {
    JPEG: raw('image/jpeg', new Uint8Array(jpeg)),
    PNG: raw('image/png', png),
    tensor: binaryRequest(path, [batch.tensor()]),
  };
}

function batchOf(rgba: Uint8ClampedArray): PictureBatch {
  const batch = new PictureBatch([{ width, height }], image);
  batch.put(0, { width, height, rgba });
  return batch;
}

async function warmCpu(
  context: BenchContext,
  requests: Readonly<Record<string, Buffer>>,
  rounds: number,
  perRound: number,
): Promise<Record<string, number[]>> {
  const server = await startPopserve(context);
  try {
    using connection = await HttpConnection.open(server.port);
    const ask = async (request: Buffer, times: number) => {
      for (let time = 0; time < times; time++) {
        const { status, head } = await connection.send(request);
        if (status !== 200) throw new Error(`expected 200, got ${head}`);
      }
    };
    // V8 compiles what is hot in the background until then.
    for (const request of Object.values(requests)) await ask(request, 4 * perRound);
    return await interleave(requests, rounds, async (request) => {
      const before = await processCpuMs(server.pid);
      await ask(request, perRound);
      return ((await processCpuMs(server.pid)) - before) / perRound;
    });
  } finally {
    await server.stop();
  }
}

function coldCpu(
  context: BenchContext,
  requests: Readonly<Record<string, Buffer>>,
  rounds: number,
): Promise<Record<string, number[]>> {
  return interleave(requests, rounds, async (request) => {
    const server = await startPopserve(context);
    try {
      using connection = await HttpConnection.open(server.port);
      await connection.send(httpRequest('GET', '/v2/health/live', {}, ''));
      const before = await processCpuMs(server.pid);
      const { status, head } = await connection.send(request);
      if (status !== 200) throw new Error(`expected 200, got ${head}`);
      return (await processCpuMs(server.pid)) - before;
    } finally {
      await server.stop();
    }
  });
}

function resizeCpu(rgba: Uint8ClampedArray, rounds: number, perRound: number): number[] {
  const target = new Uint8Array(4 * 3 * side * side);
  const once = () => batchOf(rgba).pending().data.write(target);
  for (let time = 0; time < 4 * perRound; time++) once();
  return Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    for (let time = 0; time < perRound; time++) once();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / perRound;
  });
}

/** As an upload of the script packs them. */
async function decoderBytes(): Promise<number> {
  const folder = join(projectRoot, 'worker', 'pipeline', 'codecs');
  let bytes = 0;
  for (const file of await readdir(folder)) {
    if (/_dec\.(js|wasm)$/.test(file)) bytes += gzipSync(await readFile(join(folder, file))).length;
  }
  return bytes;
}
