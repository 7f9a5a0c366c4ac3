// Asks again for the part of a page that changes: as often as the part itself says, and never while nobody looks at it.

export function keepLive(box: HTMLElement, decorate: (within: ParentNode) => void): void {
  const path = box.dataset.live;
  if (path === undefined) return;
  let timer = 0;
  const wait = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const every = Number(box.querySelector<HTMLElement>('[data-every]')?.dataset.every ?? 60_000);
    timer = window.setTimeout(ask, every);
  };
  const ask = async () => {
    const response = await fetch(path, { redirect: 'manual' }).catch(() => null);
    // The session has ended: the page stays as it is, and a click leads to the sign-in.
    if (response?.type === 'opaqueredirect') return;
    if (response?.ok) replace(box, await response.text(), decorate);
    wait();
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) clearTimeout(timer);
    else void ask();
  });
  wait();
}

function replace(box: HTMLElement, html: string, decorate: (within: ParentNode) => void): void {
  const fresh = document.createElement('template');
  fresh.innerHTML = html;
  decorate(fresh.content);
  if (fresh.innerHTML !== box.innerHTML) box.replaceChildren(fresh.content);
}
