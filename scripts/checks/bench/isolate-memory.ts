// What an isolate holds in JS, asked through workerd's inspector (Chrome DevTools Protocol). WASM memory that is shared, as
// onnxruntime's is, is in neither number.
import type { Workerd } from './workerd.ts';

interface HeapUsage {
  /** V8's heap in use. */
  readonly usedSize: number;
  /** ArrayBuffers behind it. */
  readonly backingStorageSize: number;
}

/** Finalisers run after a collection and free what the next one finds. */
const collections = 3;
const mostPokes = 200;

/** Bytes held in JS by the Worker, after full garbage collections. */
export async function measureJsMemory({ port, inspectorPort }: Workerd): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${inspectorPort}/measured`);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('workerd refused the inspector connection')));
    });
    for (let collection = 0; collection < collections; collection++) {
      await call(socket, 'HeapProfiler.collectGarbage', port);
    }
    const { usedSize, backingStorageSize } = await call<HeapUsage>(socket, 'Runtime.getHeapUsage', port);
    return usedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}

let lastId = 0;

/** An idle isolate runs no tasks, and a collection is one: requests, whatever they are answered, keep it going until it is done. */
async function call<T>(socket: WebSocket, method: string, port: number): Promise<T> {
  const id = ++lastId;
  let answer: { result?: T; error?: { message: string } } | undefined;
  const listen = ({ data }: MessageEvent) => {
    const message = JSON.parse(String(data)) as { id?: number; result?: T; error?: { message: string } };
    if (message.id === id) answer = message;
  };
  socket.addEventListener('message', listen);
  socket.send(JSON.stringify({ id, method }));
  for (let poke = 0; answer === undefined && poke < mostPokes; poke++) {
    await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer();
  }
  socket.removeEventListener('message', listen);
  if (answer?.result === undefined)
    throw new Error(`${method}: ${answer?.error?.message ?? 'the inspector is silent'}`);
  return answer.result;
}
