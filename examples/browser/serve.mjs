// Serves the example page: `node examples/browser/serve.mjs [port]`. The page is plain files, so any web server can serve it.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const ortFolder = join(root, 'node_modules', 'onnxruntime-web', 'dist');

/** The files of the page. */
const files = {
  '/': join(here, 'index.html'),
  '/page.js': join(here, 'page.js'),
  '/offline.js': join(here, 'offline.js'),
  '/popserve-client.js': join(root, 'client', 'dist', 'index.js'),
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

if (process.argv[1] === import.meta.filename) {
  const { url } = await servePage(Number(process.argv[2] ?? 8000));
  console.log(`${url}  (calls the PoP at http://127.0.0.1:8787; for another one open ${url}?pop=https://…)`);
}
