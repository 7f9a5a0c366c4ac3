// How a command line names a PoP: `--pop` takes its name, as its reports have it, and `--url` the place where it answers.
import { InvalidArgumentError, Option } from 'commander';

export function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('expected an http(s) URL, as in https://fra.example.com.');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

export function parsePop(text: string): string {
  if (/^[\x21-\x7e]{1,64}$/.test(text) && !text.includes('://')) return text;
  throw new InvalidArgumentError("expected the name of a PoP as 'npx popserve status' shows it, as in HEL.");
}

/** For commands that ask one PoP by its URL: `--pop` is told to be the wrong word. */
export function popOfUrl(): Option {
  return new Option('--pop <url>').hideHelp().argParser((text) => {
    const url = URL.canParse(text) ? text : 'https://fra.example.com';
    throw new InvalidArgumentError(
      `here a PoP is named by its URL: --url ${url}. --pop is the name of one, in drift and sample.`,
    );
  });
}
