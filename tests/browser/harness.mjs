// Browsers, people in them, and what every page must keep to.
//
// Nothing here sleeps: it waits for answers, elements and events.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

import { chromiumPath } from './needs.mjs';
import { check } from './report.mjs';

export const PASSWORD = 'supplyline-demo';
export const PICTURES = fileURLToPath(new URL('../../target/browser/', import.meta.url));

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const NARROW = { width: 360, height: 740 };
const PATIENCE_MS = 15_000;

/** One browser, and the service it looks at. */
export class Harness {
  constructor(browser, base, report) {
    Object.assign(this, { browser, base, report });
  }

  static async start(base, report) {
    mkdirSync(PICTURES, { recursive: true });
    const browser = await chromium.launch({ executablePath: chromiumPath(), headless: true, args: FLAGS });
    return new Harness(browser, base, report);
  }

  /** Somebody with a browser of their own; not signed in yet. */
  async person(role, variant = {}) {
    const { language = 'zh-CN', script = true, dark = false, width = 1280 } = variant;
    const context = await this.browser.newContext({
      baseURL: this.base, locale: language, timezoneId: 'Asia/Shanghai', javaScriptEnabled: script,
      colorScheme: dark ? 'dark' : 'light', viewport: { width, height: 900 }, reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Person(this, await context.newPage(), { role, language, script, dark, width });
  }

  async stop() {
    await this.browser.close();
  }
}

/** Somebody in front of a page. */
export class Person {
  #wrongs = [];

  constructor(harness, page, how) {
    Object.assign(this, { harness, page, ...how });
    // Violations of the content security policy are errors of the console, too.
    page.on('console', (message) => {
      // A browser asks for this by itself where a page names no icon.
      if (message.type() !== 'error' || message.location().url.endsWith('/favicon.ico')) return;
      this.#wrongs.push({ text: message.text(), url: message.location().url });
    });
    page.on('pageerror', (error) => this.#wrongs.push({ text: `thrown: ${error.message}`, url: page.url() }));
    page.on('requestfailed', (request) => {
      // A stream ends, and what is under way is dropped, when the page is left.
      const reason = request.failure()?.errorText ?? '';
      if (!reason.includes('ERR_ABORTED')) this.#wrongs.push({ text: reason, url: request.url() });
    });
  }

  /** How a picture of this browser is named. */
  get variant() {
    return [this.dark ? 'dark' : 'light', this.script ? '' : 'noscript', this.width === 1280 ? '' : this.width]
      .filter(Boolean).join('-');
  }

  toString() {
    return `${this.role ?? 'nobody'}, ${this.language}, ${this.variant}`;
  }

  /** Goes somewhere, and comes back with the status of what is there. */
  async go(path) {
    const response = await this.page.goto(path, { waitUntil: 'load' });
    return response.status();
  }

  /** Signs in with the form, and sees to the language. */
  async signIn() {
    check(await this.go('/login') === 200, 'the form to sign in with is not there');
    await this.page.locator('#username').fill(this.role);
    await this.page.locator('#password').fill(PASSWORD);
    const form = this.page.locator('form', { has: this.page.locator('#password') });
    const status = await this.answer(() => form.locator('button[type=submit]').click());
    check(status === 200 && new URL(this.page.url()).pathname !== '/login', `${this.role} is not let in: ${status}`);
    await this.speak();
  }

  /** Switches the pages to this person's language, where they are in another. */
  async speak() {
    if (await this.page.locator('html').getAttribute('lang') === this.language) return;
    const form = this.page.locator('form[action="/language"]').first();
    if (await form.count() === 0) return;
    await this.answer(() => form.locator('button').click());
    const shown = await this.page.locator('html').getAttribute('lang');
    check(shown === this.language, `the page speaks ${shown} instead of ${this.language}`);
  }

  /** Does something that leads to a page, and comes back with its status. */
  async answer(act) {
    const isPage = (response) => response.request().isNavigationRequest()
      && response.frame() === this.page.mainFrame() && (response.status() < 300 || response.status() >= 400);
    const arrives = this.page.waitForResponse(isPage);
    arrives.catch(() => {});
    await act();
    const response = await arrives;
    await response.finished();
    await this.page.waitForLoadState('load');
    return response.status();
  }

  /** Opens what is folded around an element. */
  async unfold(selector) {
    const folded = this.page.locator(`details:not([open]):has(${selector})`);
    for (let most = 5; most > 0 && await folded.count() > 0; most -= 1) {
      await folded.first().locator('> summary').click();
    }
  }

  /** Fills in the fields of the form `#form-ACT`, by their names. */
  async fill(act, values) {
    await this.unfold(`#form-${act}`);
    const form = this.page.locator(`#form-${act}`);
    for (const [name, value] of Object.entries(values)) {
      const fields = form.locator(`[name="${name}"]:not([type=hidden])`);
      check(await fields.count() > 0, `form-${act} has no field ${name}`);
      const kind = await fields.first().evaluate((field) => field.type);
      if (kind === 'radio' || kind === 'checkbox') {
        for (const one of [value].flat()) await form.locator(`[name="${name}"][value="${one}"]`).check();
      } else if (kind.startsWith('select')) {
        await fields.first().selectOption(String(value));
      } else {
        await fields.first().fill(String(value));
      }
    }
    return form;
  }

  /** Fills in and sends the form `#form-ACT`, agrees when asked, and comes back with the status. */
  async send(act, values = {}) {
    const form = await this.fill(act, values);
    const asks = this.script && await form.getAttribute('data-confirm') !== null;
    return this.answer(async () => {
      await form.locator('button[type=submit]:not([formaction])').last().click();
      if (asks) await this.page.locator('#confirm button[value=yes]').click();
    });
  }

  /** The same, where nothing may be refused. */
  async does(act, values = {}) {
    const status = await this.send(act, values);
    const said = status === 200 ? '' : await this.page.locator('.error-summary, main').first().innerText();
    check(status === 200, `form-${act} was answered with ${status}: ${said}`);
  }

  /** What the API tells this person, by the session of their browser. */
  async ask(path) {
    const response = await this.page.request.get(`/api/v1${path}`, { headers: { accept: 'application/json' } });
    check(response.ok(), `GET ${path}: ${response.status()} ${await response.text()}`);
    return response.json();
  }

  /** Waits until a text stands in the page. */
  async sees(text, within = 'main') {
    await this.page.locator(within).filter({ hasText: text }).first().waitFor();
  }

  /** Goes to a page and holds it to everything below. */
  async visit(name, path, status = 200) {
    this.#wrongs = [];
    const found = await this.go(path);
    check(found === status, `${path} was answered with ${found} instead of ${status}`);
    await this.keeps(name, status);
  }

  /** What every page keeps to, whoever looks at it; leaves a picture. */
  async keeps(name, status = 200) {
    await this.page.screenshot({ path: this.#picture(name), fullPage: true });
    const problems = [...await this.#twins(), ...await this.#overflow(name), ...await this.#barriers()];
    // The browser itself complains of a page that was refused on purpose.
    const here = this.page.url();
    const wrongs = this.#wrongs.filter(({ url, text }) =>
      status === 200 || url !== here || !text.includes(`status of ${status}`));
    problems.push(...wrongs.map(({ text, url }) => `console: ${text} (${url})`));
    this.#wrongs = [];
    check(problems.length === 0, `${here} (${this})\n${problems.join('\n')}`);
  }

  #picture(name) {
    return `${PICTURES}${name}-${this.language}-${this.variant}.png`;
  }

  /** Ids that are there more than once. */
  async #twins() {
    const ids = await this.page.locator('[id]').evaluateAll((all) => all.map((one) => one.id));
    const twins = new Set(ids.filter((id, index) => ids.indexOf(id) !== index));
    return [...twins].map((id) => `the id ${id} is there more than once`);
  }

  /** What sticks out of a narrow screen. */
  async #overflow(name) {
    const before = this.page.viewportSize();
    await this.page.setViewportSize(NARROW);
    const wide = await this.page.locator('html').evaluate((html) => {
      if (html.scrollWidth <= html.clientWidth) return [];
      const out = [...html.querySelectorAll('body *')].filter((one) =>
        one.getBoundingClientRect().right > html.clientWidth + 1 && one.children.length === 0);
      const names = out.slice(0, 5).map((one) => `<${one.localName}> ${one.textContent.trim().slice(0, 40)}`);
      return [`${html.scrollWidth} instead of ${html.clientWidth} wide: ${names.join(' | ')}`];
    });
    if (this.language === 'zh-CN' && !this.dark || wide.length > 0) {
      await this.page.screenshot({ path: this.#picture(`${name}-${NARROW.width}`), fullPage: true });
    }
    await this.page.setViewportSize(before);
    return wide;
  }

  /** What keeps somebody out who sees, hears or moves otherwise. */
  async #barriers() {
    if (!this.script) return [];
    await this.page.evaluate(AXE);
    const run = (rules) => globalThis.axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
    const { violations } = await this.page.evaluate(run, RULES);
    return violations.flatMap(({ id, help, nodes }) => nodes.slice(0, 3).map((node) =>
      `axe ${id}: ${help}\n  ${node.html}\n  ${node.failureSummary.replaceAll('\n', '\n  ')}`));
  }
}
