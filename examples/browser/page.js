// Uses the client with one call, which also works without a network.
import { PopserveClient } from 'popserve/client';

const model = 'machine-failure';
const pop = new URLSearchParams(location.search).get('pop') ?? 'http://127.0.0.1:8787';

const client = new PopserveClient(pop, {
  deviceKey: deviceKey(),
  timeoutMs: 3000,
  local: { ort: () => import('onnxruntime-web/wasm') },
});

const form = document.querySelector('#machine');
const show = (id, text) => {
  document.getElementById(id).textContent = text;
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  ask();
});

async function ask() {
  const values = new FormData(form);
  const number = (name) => ({ data: new Float32Array([Number(values.get(name))]), shape: [1, 1] });
  const inputs = {
    type: { data: [values.get('type')], shape: [1, 1] },
    air_temperature: number('air_temperature'),
    process_temperature: number('process_temperature'),
    rotational_speed: number('rotational_speed'),
    torque: number('torque'),
    tool_wear: number('tool_wear'),
  };
  const button = form.querySelector('button');
  button.disabled = true;
  show('error', '');
  try {
    const began = performance.now();
    const answer = await client.infer(model, inputs, { at: values.has('here') ? 'local' : 'auto' });
    showAnswer(answer, performance.now() - began);
  } catch (error) {
    show('error', `${error.code ?? error.name}: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

function showAnswer({ outputs, ranAt, pop, version, epoch, digest }, tookMs) {
  const failure = outputs.probability.data[1];
  const percent = `${(failure * 100).toFixed(1)} %`;
  const fails = outputs.failure.data[0] === 1n;
  show('risk', percent);
  document.getElementById('risk').title = String(failure);
  show('verdict', fails ? 'A failure is likely: service it now.' : 'No failure is expected.');
  document.getElementById('answer').className = `card ${fails ? 'bad' : 'good'}`;
  document.querySelector('#bar div').style.width = percent.replace(' ', '');
  show('ran', ranAt === 'pop' ? `at the PoP ${pop}` : 'in this page');
  show('version', `${version} (epoch ${epoch}, ${digest.slice(0, 19)}…)`);
  show('took', `${tookMs.toFixed(0)} ms`);
}

/** Downloads the model while there is a network. */
async function prepare() {
  const { version } = await client.prepare(model);
  show('ready', `ready with version ${version}`);
}

/** Keeps the device's id between visits, so that it stays on one side of a canary. */
function deviceKey() {
  localStorage.deviceKey ??= crypto.randomUUID();
  return localStorage.deviceKey;
}

navigator.serviceWorker?.register('offline.js');
prepare().catch((error) => show('ready', `not ready: ${error.message}`));
