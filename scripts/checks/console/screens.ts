// Every screen of the console, for screenshots and for the tests in a browser.

/** @param model whose pages are visited; it has versions 1 and 2 */
export function screensOf(model: string): readonly (readonly [name: string, path: string])[] {
  const ofModel = `/console/models/${model}`;
  return [
    ['welcome', '/'],
    ['sign-in', '/console/sign-in'],
    ['models', '/console'],
    ['model', ofModel],
    ['change', `${ofModel}/change?change=canary&version=2&percent=20&errorShare=0.05&epoch=1`],
    ['release', `${ofModel}/release`],
    ['compare', `${ofModel}/compare`],
    ['drift', `${ofModel}/drift`],
    ['try', `${ofModel}/try`],
    ['fleet', '/console/fleet'],
    ['access', '/console/access'],
    ['not-found', '/console/nothing'],
    ['api', '/docs'],
  ];
}

export const views = [
  { name: 'wide-light', width: 1280, scheme: 'light' },
  { name: 'wide-dark', width: 1280, scheme: 'dark' },
  { name: 'phone-light', width: 390, scheme: 'light' },
  { name: 'phone-dark', width: 390, scheme: 'dark' },
] as const;
