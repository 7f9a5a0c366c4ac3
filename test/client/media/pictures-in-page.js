// Runs in a page of examples/browser, whose import map it uses: pictures of every kind through the client, and what came back.
import { MediaClient } from 'popserve/client/media';

const red = '#ff0000';

/** Grey with a red corner at the top right: an eighth of its width and of its height. */
function scene(width, height, canvas = new OffscreenCanvas(width, height)) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  context.fillStyle = '#5a5a5a';
  context.fillRect(0, 0, width, height);
  context.fillStyle = red;
  context.fillRect((width * 7) / 8, 0, width / 8, height / 8);
  return canvas;
}

/** From 0 to 1, the same each time. */
function dice() {
  let seed = 7;
  return () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
}

/** What a camera might see: shapes of many sizes, so that a JPEG has something to keep. */
function busyScene(width, height) {
  const canvas = scene(width, height);
  const context = canvas.getContext('2d');
  const random = dice();
  for (let shape = 0; shape < 1500; shape++) {
    const grey = Math.floor(random() * 200);
    context.fillStyle = `rgb(${grey} ${grey} ${grey + 30})`;
    const size = (random() ** 3 * width) / 6;
    context.fillRect(random() * width * 0.85 - size / 2, height / 8 + random() * height, size, size * random());
  }
  return canvas;
}

const fileOf = (canvas, type, quality) => canvas.convertToBlob({ type, quality });

async function loadedImage(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

async function playingVideo(canvas) {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = canvas.captureStream(30);
  await video.play();
  return video;
}

const kinds = {
  Blob: async (canvas) => fileOf(canvas, 'image/jpeg', 0.95),
  File: async (canvas) => new File([await fileOf(canvas, 'image/webp', 0.95)], 'a.webp'),
  Uint8Array: async (canvas) => new Uint8Array(await (await fileOf(canvas, 'image/png')).arrayBuffer()),
  ImageBitmap: async (canvas) => createImageBitmap(canvas),
  ImageData: async (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height),
  OffscreenCanvas: async (canvas) => canvas,
  HTMLCanvasElement: async ({ width, height }) => scene(width, height, document.createElement('canvas')),
  HTMLImageElement: async (canvas) => loadedImage(await fileOf(canvas, 'image/png')),
  HTMLVideoElement: async ({ width, height }) => playingVideo(scene(width, height, document.createElement('canvas'))),
  VideoFrame: async (canvas) => new VideoFrame(canvas, { timestamp: 0 }),
};

/** Names of the kinds of pictures. */
globalThis.kindsOfPictures = Object.keys(kinds);

const clientOf = (url) =>
  new MediaClient(url, { retries: 0, timeoutMs: 20_000, local: { ort: () => import('onnxruntime-web/wasm') } });

globalThis.detectIn = async (url, kind, width, height, options = {}) => {
  const picture = await kinds[kind](scene(width, height));
  const { objects, ranAt } = await clientOf(url).detect('spots', picture, options);
  return { ranAt, objects };
};

/** Scores of a large picture that looks real: as it is, shrunk, and run here. */
globalThis.compareShrunk = async (url, model, width, height) => {
  const client = clientOf(url);
  const whole = await fileOf(busyScene(width, height), 'image/jpeg', 0.95);
  const labels = async (options) => (await client.classify(model, whole, options)).labels;
  return {
    bytes: whole.size,
    asItIs: await labels({ shrink: false }),
    shrunk: await labels({}),
    here: await labels({ at: 'local' }),
  };
};

/** A JPEG with EXIF data that say how the camera was held. @see https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf */
async function turned(jpeg, orientation) {
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  const exif = [0xff, 0xe1, 0, 34, ...new TextEncoder().encode('Exif\0\0MM'), 0, 42, 0, 0, 0, 8];
  const entry = [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  return new Blob([bytes.subarray(0, 2), new Uint8Array([...exif, ...entry]), bytes.subarray(2)]);
}

/** A large file that was taken with the camera on its side. */
globalThis.detectTurned = async (url, orientation, options = {}) => {
  const file = await turned(await fileOf(busyScene(2400, 1600), 'image/jpeg', 0.9), orientation);
  return (await clientOf(url).detect('spots', file, options)).objects[0];
};

/** Noise in a PNG, which is large, and where half is transparent has colours that no canvas keeps. */
globalThis.classifyNoise = async (url, opacity, options = {}) => {
  const [width, height] = [400, 300];
  const canvas = new OffscreenCanvas(width, height);
  const random = dice();
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, at) =>
    at % 4 === 3 ? opacity : random() * 256,
  );
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
  const file = await fileOf(canvas, 'image/png');
  return { bytes: file.size, labels: (await clientOf(url).classify('colour', file, options)).labels };
};

/** Everything that asks a browser for a preflight, at an address that has had none yet. */
globalThis.askWithKey = async (url) => {
  const client = new MediaClient(url, { deviceKey: 'camera-1', apiKey: 'k' });
  return (await client.classify('colour', scene(90, 90), { version: '1', minEpoch: 1 })).version;
};

let remembered;

/** A client that stays, as that of a page does. */
globalThis.rememberClient = (url) => {
  remembered = clientOf(url);
};

globalThis.askAgain = async (_, model) => (await remembered.classify(model, scene(1600, 1200), { topK: 1 })).version;

/** A file with the given bytes, in base64. */
globalThis.askAboutFile = async (url, call, model, base64, options = {}) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const client = clientOf(url);
  try {
    return await client[call](model, bytes, options);
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message };
  }
};
