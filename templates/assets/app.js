// Makes pages live; every page works without it. Never builds markup: it takes what the server made.
'use strict';
(() => {
  const page = document.body;

  // A part that may be replaced: nobody is typing in it, and nothing in it was typed.
  const isBusy = (part) => part.contains(document.activeElement) && document.activeElement.matches('input, select, textarea')
    || part.querySelector('form[data-typed]') !== null;

  const take = (html, ids) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html');
    for (const part of document.querySelectorAll('[data-live]')) {
      if (ids && !ids.includes(part.id)) continue;
      const next = fresh.getElementById(part.id);
      if (!next || next.outerHTML === part.outerHTML || isBusy(part)) continue;
      const open = [...part.querySelectorAll('details[open][id]')].map((one) => one.id);
      const focus = part.contains(document.activeElement) && document.activeElement.id;
      part.replaceWith(next);
      for (const id of open) document.getElementById(id)?.setAttribute('open', '');
      if (focus) document.getElementById(focus)?.focus();
      if (part.dataset.live === 'loud') next.classList.add('fresh');
    }
    const told = fresh.querySelector('[data-tell]')?.textContent;
    const teller = document.querySelector('[data-tell]');
    if (teller && told && told !== teller.textContent) teller.textContent = told;
  };

  let asked = 0;
  const load = async (address, ids) => {
    const turn = ++asked;
    try {
      const answer = await fetch(address, { headers: { Accept: 'text/html' }, credentials: 'same-origin' });
      // Somebody signed out elsewhere: let the next click find it out.
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      if (turn === asked) take(html, ids);
    } catch { /* The network is away; the next event or minute tries again. */ }
  };
  const here = () => location.pathname + location.search;

  // What happens elsewhere: an event says that there is something new, and the page is asked again.
  let waits = 0;
  const soon = () => {
    clearTimeout(waits);
    waits = setTimeout(() => { if (!document.hidden) load(here()); else waits = -1; }, 150);
  };
  if (page.dataset.stream && 'EventSource' in window) {
    const stream = new EventSource(page.dataset.stream);
    for (const kind of ['ticket', 'notice', 'reset', 'message']) stream.addEventListener(kind, soon);
    addEventListener('pagehide', () => stream.close());
    addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
  }
  document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
  // Countdowns move by the minute.
  if (document.querySelector('[data-live]')) setInterval(() => { if (!document.hidden) load(here()); }, 60000);

  // A search that answers while one types, but not in the middle of a character.
  for (const form of document.querySelectorAll('form[data-suggest]')) {
    let pause = 0;
    const ask = (event) => {
      if (event.isComposing) return;
      clearTimeout(pause);
      pause = setTimeout(() => {
        const address = form.getAttribute('action') + '?' + new URLSearchParams(new FormData(form));
        load(address, [form.dataset.suggest]);
      }, 200);
    };
    form.addEventListener('input', ask);
    form.addEventListener('compositionend', ask);
  }

  // Enter that ends a composition sends nothing.
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.isComposing) event.preventDefault();
  });

  document.addEventListener('input', (event) => {
    const form = event.target.closest?.('form[method=post]');
    if (!form) return;
    form.dataset.typed = '';
    if (form.dataset.draft) {
      clearTimeout(form.saving);
      form.saving = setTimeout(() => keep(form), 1500);
    }
  });

  // A draft is kept by the same form that would send it.
  const keep = async (form) => {
    try {
      const answer = await fetch(form.dataset.draft, {
        method: 'POST', body: new URLSearchParams(new FormData(form)), redirect: 'manual', credentials: 'same-origin',
      });
      const note = form.querySelector('[data-kept]');
      if (note && (answer.ok || answer.type === 'opaqueredirect')) note.hidden = false;
    } catch { /* It is kept with the next change. */ }
  };

  // What cannot be taken back is asked about, by name; and a form is sent once.
  const dialog = document.getElementById('confirm');
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (form.dataset.confirm && dialog && !form.dataset.agreed) {
      event.preventDefault();
      dialog.querySelector('p').textContent = form.dataset.confirm;
      dialog.onclose = () => {
        if (dialog.returnValue === 'yes') { form.dataset.agreed = '1'; form.requestSubmit(event.submitter); }
      };
      dialog.showModal();
      return;
    }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = '1';
  });
  addEventListener('pageshow', () => {
    for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  });

  // A filter applies when it is chosen.
  document.addEventListener('change', (event) => {
    const form = event.target.closest?.('form[data-apply]');
    if (form && event.target.matches('select')) form.requestSubmit();
  });

  // After an error the summary is read first.
  document.querySelector('.error-summary')?.focus();
})();
