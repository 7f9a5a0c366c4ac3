// The text of a PoP that serves: its commands find the PoP and its token in any shell.
import { expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/build/project.ts';
import { demoModel, demoPictureModel } from '../../../scripts/demo/demo-model.ts';
import { type Announced, announcement, popserveLine } from '../../../scripts/start/announcement.ts';

const usual: Announced = {
  url: new URL('http://127.0.0.1:8787/'),
  host: '127.0.0.1',
  served: [],
  open: true,
  data: '/home/me/my-pop/.popserve',
  defaultData: '/home/me/my-pop/.popserve',
  folder: '/home/me/my-pop',
  environment: {},
};

it.each<[string, Partial<Announced>, string]>([
  ['nothing where all is as usual', {}, 'npx popserve list'],
  ['another port', { url: new URL('http://127.0.0.1:9000/') }, 'POPSERVE_URL=http://127.0.0.1:9000 npx popserve list'],
  ['another folder', { data: "/tmp/it's here" }, `POPSERVE_DATA='/tmp/it'\\''s here' npx popserve list`],
  [
    'a shell that is set up for a deployment',
    { environment: { POPSERVE_URL: 'https://pop.example.com', POPSERVE_TOKEN: 'secret' } },
    'POPSERVE_URL=http://127.0.0.1:8787 POPSERVE_TOKEN= npx popserve list',
  ],
  [
    'a shell that is set up for this PoP',
    { environment: { POPSERVE_URL: 'http://127.0.0.1:8787' } },
    'npx popserve list',
  ],
])('a command says %s', (_, difference, line) => {
  expect(popserveLine({ ...usual, ...difference }, ['list'])).toBe(line);
});

it('says how to release into an empty registry', () => {
  expect(announcement(usual)).toContain('Serving\n  nothing yet\n');
  expect(announcement(usual)).not.toContain('curl');
});

it('asks the demo model only where everybody is answered', () => {
  const served = [{ name: demoModel.name, versions: 2, aliases: { stable: '2' } }];
  expect(announcement({ ...usual, served })).toContain('stable → 2   (2 versions)');
  expect(announcement({ ...usual, served })).toContain('curl -s http://127.0.0.1:8787/v2/models/machine-failure/infer');
  const keyed = announcement({ ...usual, served, open: false });
  expect(keyed).not.toContain('curl');
  expect(keyed).toContain('npx popserve keys create my-client');
});

it('asks the picture model with the picture that lies in the folder, or elsewhere', () => {
  const served = [{ name: demoPictureModel.name, versions: 1, aliases: { stable: '1' } }];
  const line = (folder: string) =>
    announcement({ ...usual, served, folder })
      .split('\n')
      .find((each) => /curl/.test(each));
  const curl = "  curl -s http://127.0.0.1:8787/v2/models/gauge/infer -H 'content-type: image/png' --data-binary";
  expect(line(projectRoot)).toBe(`${curl} @scripts/demo/model/gauge/gauge.png`);
  expect(line('/home/me')).toBe(`${curl} @${demoPictureModel.picture}`);
});

it('says that others reach a PoP that listens everywhere', () => {
  expect(announcement({ ...usual, host: '0.0.0.0' })).toContain('and on every address of this machine (0.0.0.0)');
});
