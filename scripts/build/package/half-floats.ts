// Float16Array for Node 22, whose V8 has none yet; newer ones keep their own. Only the package's command needs it: a checkout
// runs on Node 24.
import { Float16Array, f16round } from '@petamoriken/float16';

if (!('Float16Array' in globalThis)) {
  Object.assign(globalThis, { Float16Array });
  Object.assign(Math, { f16round });
}
