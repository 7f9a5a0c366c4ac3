// Asks about pictures from a camera, a file or a drop zone, and draws labels and boxes.
import { MediaClient } from 'popserve/client/media';

const asked = new URLSearchParams(location.search);
const client = new MediaClient(asked.get('pop') ?? 'http://127.0.0.1:8787', {
  deviceKey: deviceKey(),
  timeoutMs: 5000,
  local: { ort: () => import('onnxruntime-web/wasm') },
});

const find = (selector) => document.querySelector(selector);
const show = (id, text) => {
  document.getElementById(id).textContent = text;
};
const [form, stage, hint] = [find('#form'), find('#stage'), find('#hint')];
const [video, image, overlay] = [find('video'), find('img'), find('canvas')];
const cameraButton = find('#camera');

form.model.value = asked.get('model') ?? form.model.value;
let task = prepare(form.model.value);

/** Asks what the model is for, and downloads it while there is a network. */
async function prepare(model) {
  const key = `task ${model}`;
  try {
    localStorage[key] = (await client.metadata(model)).pipeline?.task ?? 'tensors';
  } catch (error) {
    // Known from an earlier visit, perhaps.
    if (!localStorage[key]) throw error;
  }
  client.prepare(model).then(
    ({ version }) => show('ready', `ready with version ${version}`),
    (error) => show('ready', `not ready: ${error.message}`),
  );
  return localStorage[key];
}

form.addEventListener('submit', (event) => event.preventDefault());
form.model.addEventListener('change', () => {
  task = prepare(form.model.value);
  if (!image.hidden) look(image);
});
form.file.addEventListener('change', () => {
  const [file] = form.file.files;
  if (file) showFile(file);
  // The same file may be chosen again.
  form.file.value = '';
});
stage.addEventListener('dragover', (event) => {
  event.preventDefault();
  stage.classList.add('over');
});
stage.addEventListener('dragleave', () => stage.classList.remove('over'));
stage.addEventListener('drop', (event) => {
  event.preventDefault();
  stage.classList.remove('over');
  const [file] = event.dataTransfer.files;
  if (file) showFile(file);
});
cameraButton.addEventListener('click', () => (video.srcObject ? stopCamera() : startCamera()));

/** Asks about the file and not about the image that shows it, which may be shown smaller or in other colours. */
async function showFile(file) {
  looks++;
  stopCamera();
  URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
  } catch {
    show('error', `this browser does not show ${file.name}`);
    return;
  }
  fill(image);
  await look(file);
}

async function startCamera() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    await video.play();
  } catch (error) {
    show('error', `no camera: ${error.message}`);
    return stopCamera();
  }
  cameraButton.textContent = 'Stop the camera';
  fill(video);
  while (video.srcObject && (await look(video))) await nextFrame();
  stopCamera();
}

function stopCamera() {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  cameraButton.textContent = 'Start the camera';
}

function nextFrame() {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
    // A camera that is stopped gives no further frame.
    setTimeout(resolve, 1000);
  });
}

/** Shows the one of the two that has the picture. */
function fill(picture) {
  hint.hidden = true;
  stage.classList.add('filled');
  for (const each of [video, image]) each.hidden = each !== picture;
  clear();
}

/** Counts what was asked about: an answer that comes late is not shown. */
let looks = 0;

/** @returns whether there was an answer */
async function look(picture) {
  const began = performance.now();
  const own = ++looks;
  const model = form.model.value;
  try {
    const answer =
      (await task) === 'object-detection' ? await client.detect(model, picture) : await client.classify(model, picture);
    if (own !== looks) return true;
    show('error', '');
    showAnswer(answer, performance.now() - began);
    return true;
  } catch (error) {
    if (own === looks) {
      clear();
      show('error', `${error.code ?? error.name}: ${error.message}`);
    }
    return false;
  }
}

function showAnswer({ labels, objects, ranAt, pop, version, epoch }, tookMs) {
  const seen = labels ?? objects;
  find('#seen').replaceChildren(...seen.slice(0, 8).map(listed));
  if (seen.length === 0) find('#seen').append('Nothing that the model knows.');
  drawBoxes(objects ?? []);
  show('ran', ranAt === 'pop' ? `at the PoP ${pop}` : 'in this page');
  show('version', `${version} (epoch ${epoch})`);
  show('took', `${tookMs.toFixed(0)} ms`);
}

function listed({ label, score, box }) {
  const item = document.createElement('li');
  const [name, percent, bar] = ['span', 'b', 'i'].map((tag) => document.createElement(tag));
  name.textContent = label;
  percent.textContent = `${(score * 100).toFixed(1)} %`;
  bar.style.setProperty('--score', Math.min(Math.max(score, 0), 1));
  if (box) bar.style.setProperty('--mark', colourOf(label));
  item.append(name, percent, bar);
  return item;
}

/** Boxes are in pixels of the picture, and so is the canvas that lies over it. */
function drawBoxes(objects) {
  const [width, height] = video.hidden
    ? [image.naturalWidth, image.naturalHeight]
    : [video.videoWidth, video.videoHeight];
  Object.assign(overlay, { width, height, hidden: false });
  const context = overlay.getContext('2d');
  // As wide on the screen as if the picture were shown in its own size.
  const unit = width / Math.max(overlay.clientWidth, 1);
  context.lineWidth = 3 * unit;
  context.font = `600 ${15 * unit}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  for (const { label, score, box } of objects) {
    const colour = colourOf(label);
    context.strokeStyle = colour;
    context.strokeRect(box.xmin, box.ymin, box.xmax - box.xmin, box.ymax - box.ymin);
    const text = `${label} ${(score * 100).toFixed(0)} %`;
    const tag = { width: context.measureText(text).width + 10 * unit, height: 22 * unit };
    const left = Math.min(box.xmin, width - tag.width);
    // Above the box, or below it where that would be outside.
    const below = Math.min(box.ymax, height - tag.height);
    const top = box.ymin >= tag.height ? box.ymin - tag.height : below;
    context.fillStyle = colour;
    context.fillRect(left, top, tag.width, tag.height);
    context.fillStyle = '#fff';
    context.fillText(text, left + 5 * unit, top + 4 * unit);
  }
}

function clear() {
  find('#seen').replaceChildren();
  overlay.hidden = true;
}

/** The same for every box of a label, dark enough for white letters. */
function colourOf(label) {
  let hash = 0;
  for (const letter of label) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return `hsl(${hash} 75% 35%)`;
}

/** Keeps the device's id between visits, so that it stays on one side of a canary. */
function deviceKey() {
  localStorage.deviceKey ??= crypto.randomUUID();
  return localStorage.deviceKey;
}
