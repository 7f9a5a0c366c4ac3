// Styles and scripts of the console under paths that change with their content, so that browsers keep them for a year.
import script from './derived/console.js.txt';
import style from './derived/style.css.txt';

export interface Asset {
  readonly type: string;
  readonly text: string;
}

export interface Assets {
  readonly paths: { readonly style: string; readonly script: string };
  /** By the last part of their path. */
  readonly byName: ReadonlyMap<string, Asset>;
}

let assets: Promise<Assets> | undefined;

export function consoleAssets(): Promise<Assets> {
  assets ??= name();
  return assets;
}

async function name(): Promise<Assets> {
  const [styleName, scriptName] = [`style-${await digest(style)}.css`, `console-${await digest(script)}.js`];
  return {
    paths: { style: `/console/assets/${styleName}`, script: `/console/assets/${scriptName}` },
    byName: new Map([
      [styleName, { type: 'text/css; charset=utf-8', text: style }],
      [scriptName, { type: 'text/javascript; charset=utf-8', text: script }],
    ]),
  };
}

async function digest(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(bytes.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
