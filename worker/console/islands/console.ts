// What scripts add to the console's pages, which work without: times in the viewer's zone, copying, values of sliders.

import { keepLive } from './live.ts';

decorate(document);
for (const box of document.querySelectorAll<HTMLElement>('[data-live]')) keepLive(box, decorate);

function decorate(within: ParentNode): void {
  for (const time of within.querySelectorAll<HTMLTimeElement>('time[data-time]')) showLocalTime(time);
  for (const mark of within.querySelectorAll<SVGTextElement>('text[data-hour]')) showLocalHour(mark);
  for (const zone of within.querySelectorAll<SVGTextElement>('text[data-zone]')) nameZone(zone);
  for (const box of within.querySelectorAll<HTMLElement>('[data-copy]')) addCopyButton(box);
  for (const output of within.querySelectorAll<HTMLOutputElement>('output[data-of]')) followSlider(output);
}

function showLocalTime(time: HTMLTimeElement): void {
  const date = new Date(time.dateTime);
  time.title = time.textContent ?? '';
  time.textContent = date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

function showLocalHour(mark: SVGTextElement): void {
  const date = new Date(mark.dataset.hour ?? '');
  mark.textContent = date.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

function nameZone(zone: SVGTextElement): void {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  zone.textContent = (zone.textContent ?? '').replace(/UTC$/, timeZone);
}

function addCopyButton(box: HTMLElement): void {
  const text = box.querySelector('pre');
  if (text === null || navigator.clipboard === undefined) return;
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText((text.textContent ?? '').trim());
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
  });
  box.append(button);
}

function followSlider(output: HTMLOutputElement): void {
  const slider = document.getElementById(output.dataset.of ?? '');
  if (!(slider instanceof HTMLInputElement)) return;
  const show = () => {
    output.textContent = `${slider.value} %`;
  };
  slider.addEventListener('input', show);
  show();
}
