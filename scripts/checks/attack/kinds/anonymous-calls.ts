import { requestFlood } from '../request-flood.ts';

const nobody = { authorization: '' };

/** Ten times what the limit of an address lets through. */
export const anonymousCalls = requestFlood({
  name: 'anonymous-calls',
  about: 'calls without a credential',
  perSecond: 100,
  requests: () => [
    { method: 'GET', path: '/registry/models', headers: nobody },
    { method: 'POST', path: '/v2/models/attack-victim/infer', headers: nobody, body: '{}' },
    { method: 'GET', path: '/registry/audit', headers: nobody },
  ],
});
