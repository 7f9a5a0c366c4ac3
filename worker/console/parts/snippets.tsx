// A first request to a model in three languages, to copy.
import { shellWord } from '../../../registry/shell-words.ts';
import { exampleBody, type Question } from '../../models/questions.ts';
import { CommandLine } from './command.tsx';

/** @param url of the model's inference call */
export function Snippets({ url, question }: { url: string; question: Question }) {
  const json = exampleBody(question)?.body ?? null;
  if (question.kind !== 'picture' && json === null) return null;
  return (
    <>
      <CommandLine label="curl">{json === null ? pictureByCurl(url) : jsonByCurl(url, json)}</CommandLine>
      <CommandLine label="Python, without a package">
        {json === null ? pictureByPython(url) : jsonByPython(url, json)}
      </CommandLine>
      <CommandLine label="JavaScript">{json === null ? pictureByScript(url) : jsonByScript(url, json)}</CommandLine>
    </>
  );
}

function jsonByCurl(url: string, json: string): string {
  return `curl -s ${url} -H 'content-type: application/json' -d ${shellWord(json)}`;
}

function pictureByCurl(url: string): string {
  return `curl -s ${url} -H 'content-type: image/jpeg' --data-binary @picture.jpg`;
}

function jsonByPython(url: string, json: string): string {
  return [
    'import json, urllib.request',
    `body = ${JSON.stringify(json)}.encode()`,
    `request = urllib.request.Request(${JSON.stringify(url)}, body, {"content-type": "application/json"})`,
    'print(json.load(urllib.request.urlopen(request)))',
  ].join('\n');
}

function pictureByPython(url: string): string {
  return [
    'import json, urllib.request',
    'body = open("picture.jpg", "rb").read()',
    `request = urllib.request.Request(${JSON.stringify(url)}, body, {"content-type": "image/jpeg"})`,
    'print(json.load(urllib.request.urlopen(request)))',
  ].join('\n');
}

function jsonByScript(url: string, json: string): string {
  return [
    `const response = await fetch(${JSON.stringify(url)}, {`,
    "  method: 'POST',",
    "  headers: { 'content-type': 'application/json' },",
    `  body: JSON.stringify(${json}),`,
    '});',
    'console.log(await response.json());',
  ].join('\n');
}

function pictureByScript(url: string): string {
  return [
    `const response = await fetch(${JSON.stringify(url)}, {`,
    "  method: 'POST',",
    "  headers: { 'content-type': 'image/jpeg' },",
    '  body: picture, // a File or Blob',
    '});',
    'console.log(await response.json());',
  ].join('\n');
}
