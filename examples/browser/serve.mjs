// Serves the example pages: `node examples/browser/serve.mjs [port]`. They are plain files, so any web server can serve them.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const ortFolder = join(root, 'node_modules', 'onnxruntime-web', 'dist');
const clientFolder = join(root, 'client', 'dist');
const clientFiles = ['index.js', 'media.js', 'media-steps.js', 'media-codecs.js', 'mozjpeg_dec.wasm', 'webp_dec.wasm'];

/** The files of the pages. */
const files = {
  '/': join(here, 'index.html'),
  '/page.js': join(here, 'page.js'),
  '/pictures': join(here, 'pictures.html'),
  '/pictures.js': join(here, 'pictures.js'),
  '/offline.js': join(here, 'offline.js'),
  ...Object.fromEntries(clientFiles.map((file) => [`/popserve/${file}`, join(clientFolder, file)])),
  '/ort.wasm.min.mjs': join(ortFolder, 'ort.wasm.min.mjs'),
  '/ort-wasm-simd-threaded.mjs': join(ortFolder, 'ort-wasm-simd-threaded.mjs'),
  '/ort-wasm-simd-threaded.wasm': join(ortFolder, 'ort-wasm-simd-threaded.wasm'),
};

const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * @param {number} port 0 takes any free port
 * @returns {Promise<{url: string, stop: () => Promise<void>}>}
 */
export async function servePage(port) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    const file = files[pathname];
    if (!file) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': contentTypes[extname(file)], 'cache-control': 'no-cache' });
    response.end(await readFile(file));
  });
  await new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(port, '127.0.0.1', listening);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  };
}

/** @returns {string} what to do where the pages cannot be served */
function advice({ code, message }, port) {
  const next = `node examples/browser/serve.mjs ${port < 65535 ? port + 1 : 8000}`;
  if (code === 'EADDRINUSE')
    return `port ${port} of 127.0.0.1 is taken, perhaps by another serve.mjs; take another: ${next}`;
  if (code === 'EACCES') return `the system does not let this user listen on port ${port}; take one above 1023`;
  return message;
}

if (process.argv[1] === import.meta.filename) {
  const port = Number(process.argv[2] ?? 8000);
  try {
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`expected a port of 0 to 65535, got '${process.argv[2]}'`);
    }
    const { url } = await servePage(port);
    console.log(`${url} and ${url}pictures call the PoP at http://127.0.0.1:8787; for another one add ?pop=https://…`);
  } catch (error) {
    console.error(`serve.mjs: ${advice(error, port)}`);
    process.exitCode = 1;
  }
}
