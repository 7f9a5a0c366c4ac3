// Questions to models by a form of the console, over HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrowserSession, textOf } from '../../../harness/browser-session.ts';
import { colourModel } from '../../../harness/pictures/colour-model.ts';
import { png } from '../../../harness/pictures/encoders.ts';
import { TestPop } from '../../../harness/pop.ts';
import { adder } from '../../../harness/small-models.ts';

let pop: TestPop;

beforeAll(async () => {
  pop = await TestPop.start();
  await pop.release(adder('adder', '1', 10));
  await pop.release(colourModel('colour', '1'));
});
afterAll(() => pop.stop());

function form(fields: Readonly<Record<string, string | File>>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

async function ask(
  model: string,
  fields: Readonly<Record<string, string | File>>,
  headers: Record<string, string> = {},
) {
  const response = await fetch(new URL(`/console/models/${model}/try`, pop.pop.url), {
    method: 'POST',
    body: form(fields),
    headers: { connection: 'close', accept: 'text/html', 'sec-fetch-site': 'same-origin', ...headers },
  });
  return { status: response.status, html: await response.text() };
}

describe('on an open server anybody', () => {
  test('finds a form for the model, filled with what it takes', async () => {
    const nobody = new BrowserSession(pop);
    expect((await nobody.get('/console/models/colour/try')).html).toContain('type="file"');
    const { html } = await nobody.get('/console/models/adder/try');
    expect(html).toMatch(/<textarea[^>]*name="json"|name="f0"/);
    expect((await nobody.get('/console/models/nobody/try')).status).toBe(404);
  });

  test('asks with a picture and sees labels, the picture and the request', async () => {
    const red = new File([new Uint8Array(png(8, 8, () => [255, 0, 0]))], 'red one.png', { type: 'image/png' });
    const { status, html } = await ask('colour', { file: red });
    expect(status).toBe(200);
    expect(textOf(html)).toMatch(/red 1\.0000/);
    expect(html).toContain('data:image/png;base64,');
    expect(textOf(html)).toContain(`'@red one.png'`);
  });

  test('sees what is wrong with a question, as the API says it', async () => {
    const junk = new File(['junk'], 'junk.png', { type: 'image/png' });
    const { status, html } = await ask('colour', { file: junk });
    expect(status).toBe(200);
    expect(textOf(html)).toMatch(/Answer 400 .*decode/);
    expect(html).not.toContain('<image');
  });

  test('sees what another person has written as text, never as a page', async () => {
    const { html } = await ask('adder', { json: '<script>alert(1)</script>', f0: '<script>alert(1)</script>' });
    expect(html).not.toContain('<script>alert');
  });

  test('is refused a form of another site', async () => {
    expect((await ask('adder', { json: '{}' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });
});
