// The whole life of a ticket, clicked through by everybody who has a part in it.
import { check } from './report.mjs';

// A product of `maker` for each time the story is told, and what a hospital would type to find it.
const TELLINGS = [
  { variant: { language: 'zh-CN' }, search: '地喹氯铵', code: 'XA01ABD075A002010100594' },
  { variant: { language: 'en', dark: true }, search: '地喹氯铵', code: 'XA01ABD075A002010200594' },
  { variant: { language: 'zh-CN', script: false }, search: '度米芬', code: 'XA01ABD152A002010100322' },
];
const CONTACT = { 'contact.name': '李想', 'contact.phone': '13900000003' };

/** Tells every story in both languages, and once without any script. */
export async function life(harness, enter = byDemo) {
  for (const telling of TELLINGS) {
    const cast = await gather(harness, telling.variant, enter);
    for (const story of [fromFilingToClosing, returned, stopped, climbing, together]) {
      try {
        await story(new Stage(harness, cast, telling));
      } catch (error) {
        harness.report.fail(`${story.name} (${cast.hospital})`, error);
      }
    }
    for (const person of Object.values(cast)) await person.page.context().close();
  }
}

/** Everybody, each in a browser of their own, let in by the demo's start page. */
async function gather(harness, variant, enter) {
  const cast = {};
  for (const role of ['hospital', 'maker', 'city', 'province']) {
    cast[role] = await harness.person(role, variant);
    await harness.report.step(`comes in by the start page (${cast[role]})`, () => enter(cast[role]));
  }
  return cast;
}

async function byDemo(person) {
  const { page, role } = person;
  await person.visit('demo', '/demo');
  const form = 'form[action="/demo/sign-in"]';
  const button = `${form} button[name="role"][value="${role}"], ${form}:has(input[name="role"][value="${role}"]) button`;
  const status = await person.answer(() => page.locator(button).first().click());
  check(status === 200, `${role} is not let in: ${status}`);
  await person.speak();
}

/** The people of a story, and what they do more than once. */
class Stage {
  constructor(harness, cast, telling) {
    Object.assign(this, { report: harness.report, telling, ...cast });
  }

  step(name, act) {
    return this.report.step(`${name} (${this.hospital.language}, ${this.hospital.variant})`, act);
  }

  /** The demo's day. */
  async today() {
    return (await this.hospital.ask('/demo/clock')).now.slice(0, 10);
  }

  /** A working day later. */
  async nextDay(person) {
    const button = person.page.locator('form[action="/demo/clock"] button[value="day"]');
    check(await person.answer(() => button.click()) === 200, 'the clock is not moved');
  }

  ticket(id) {
    return this.hospital.ask(`/tickets/${id}`);
  }

  /** The state that everybody sees, and that the ticket has. */
  async stands(id, state) {
    const found = (await this.ticket(id)).state;
    check(found === state, `the ticket is ${found} instead of ${state}`);
  }

  /** Opens the ticket's page and does something there. */
  async does(person, id, act, values) {
    check(await person.go(`/tickets/${id}`) === 200, `${person} does not see the ticket`);
    await person.does(act, values);
  }

  /** Finds a product by its name, reads when what would be due, and files. */
  async files(values = {}) {
    const { hospital, telling } = this;
    await hospital.visit('ticket-new', '/tickets/new');
    await this.#finds(telling.search, telling.code);
    await hospital.fill('file', {
      category: 'supply_stop', urgency: 'ordinary', summary: '断供', description: '连续三周下单均未配送，库存仅够两天。',
      quantity_short: 500, days_of_stock: 2, 'contact.name': '张心晴', 'contact.phone': '13900000001', ...values,
    });
    const { now } = await hospital.ask('/demo/clock');
    const { deadlines } = await hospital.ask(`/deadline?filed_at=${encodeURIComponent(now)}&urgency=ordinary`);
    for (const deadline of deadlines) await hospital.sees(inAnyWriting(lastDay(deadline)));
    await hospital.keeps('ticket-new-filled');
    await hospital.does('file');
    const id = new URL(hospital.page.url()).pathname.split('/')[2];
    await this.stands(id, 'open');
    return id;
  }

  async #finds(search, code) {
    const { hospital } = this;
    const { page } = hospital;
    const found = page.locator(`main a[href*="product=${code}"]`);
    const field = page.locator('main form[method="get"] [name="q"]');
    await field.fill(search);
    if (hospital.script) await found.waitFor();
    else await hospital.answer(() => field.press('Enter'));
    check(await hospital.answer(() => found.first().click()) === 200, `${code} is not chosen`);
  }
}

/** The day at the end of which something is due. */
function lastDay({ explanation }) {
  return explanation.filter((day) => day.counted).at(-1).date;
}

/** A date as a page may write it. */
function inAnyWriting(date) {
  const [, month, day] = date.split('-');
  return new RegExp(`${month}-${day}|${Number(month)}月${Number(day)}日`);
}

function later(date, days) {
  const then = new Date(`${date}T00:00:00Z`);
  then.setUTCDate(then.getUTCDate() + days);
  return then.toISOString().slice(0, 10);
}

function resolve(ticket) {
  return lastDay(ticket.deadlines.find((deadline) => deadline.kind === 'resolve'));
}

async function fromFilingToClosing(stage) {
  const { hospital, maker, city, province } = stage;
  const id = await stage.step('the hospital files, knowing what will be due', () => stage.files());
  await stage.step('nobody answers, and the reply is missed', () => isMissed(stage, id));
  await stage.step('the city acknowledges and takes a measure', async () => {
    await city.visit('escalations', '/escalations');
    await stage.does(city, id, 'acknowledge', { note: '已联系企业。' });
    await city.does('measures', { kind: 'supervise', text: '请当日回复并明确到货日期。', due_on: await stage.today() });
    await city.sees('请当日回复并明确到货日期。');
    await city.keeps('ticket-escalated-city');
  });
  await stage.step('the maker replies late, and promises', async () => {
    await maker.visit('ticket-overdue-maker', `/tickets/${id}`);
    check(await maker.send('reply', { ...reply('2099-01-01'), ...CONTACT }) === 422, 'a promise too late is taken');
    await maker.page.locator('#form-reply .field-error, #reply-promised_on-error').first().waitFor();
    await maker.keeps('ticket-refused-maker', 422);
    await maker.does('reply', { promised_on: await stage.today() });
    await stage.stands(id, 'promised');
    const due = (await stage.ticket(id)).deadlines.find((deadline) => deadline.kind === 'reply');
    check(due.status === 'missed' && due.late_working_days > 0, 'a late reply is not late');
  });
  await stage.step('a message arrives while the other looks', () => talk(stage, id));
  await stage.step('the maker reports it solved; the hospital got a part', async () => {
    await stage.does(maker, id, 'solve', { message: '500 盒已送达药库。', delivered_quantity: 500 });
    await stage.stands(id, 'solved');
    await hospital.visit('ticket-solved-hospital', `/tickets/${id}`);
    await hospital.does('confirm', { result: 'partly', remaining_quantity: 120, comment: '只到了 380 盒。' });
    await stage.stands(id, 'promised');
  });
  await stage.step('the maker promises anew and asks for more time', async () => {
    const ticket = await stage.ticket(id);
    await stage.does(maker, id, 'promise', { promised_on: resolve(ticket), promised_quantity: 120, reason: '余量补齐。' });
    await maker.does('extensions', { until: later(resolve(ticket), 7), reason: '包材到货延迟。' });
    await maker.keeps('ticket-extension-maker');
  });
  await stage.step('the city grants it, and the day moves', async () => {
    const before = resolve(await stage.ticket(id));
    await stage.does(city, id, 'decide-extension', { granted: 'true', reason: '同意延期。' });
    check(resolve(await stage.ticket(id)) > before, 'the deadline stays');
  });
  await stage.step('the maker solves it; the city closes its case', async () => {
    await stage.does(maker, id, 'solve', { message: '剩余 120 盒已送达。', delivered_quantity: 120 });
    // Before the hospital confirms: a closed ticket has closed its escalations.
    await stage.does(city, id, 'close', { conclusion: '企业已补齐，结案。' });
    await city.sees('企业已补齐，结案。');
  });
  await stage.step('the hospital confirms and rates', async () => {
    await stage.does(hospital, id, 'confirm', { result: 'solved', rating: 'satisfied' });
    await stage.stands(id, 'closed');
    check((await stage.ticket(id)).rating === 'satisfied', 'the rating is lost');
    await hospital.keeps('ticket-closed-hospital');
    check(await hospital.page.locator('#form-confirm').count() === 0, 'a closed ticket may be confirmed');
    await hospital.visit('ticket-print', `/tickets/${id}/print`);
    await province.visit('ticket-closed-province', `/tickets/${id}`);
  });
}

function reply(day) {
  return { cause: 'raw_material', promised_on: day, promised_quantity: 500, message: '原料药到货延迟，今日补齐。' };
}

/** Days pass until the reply is missed; everybody's page says so. */
async function isMissed(stage, id) {
  const status = async () => {
    const { deadlines } = await stage.ticket(id);
    return deadlines.find((deadline) => deadline.kind === 'reply').status;
  };
  check(await stage.hospital.go(`/tickets/${id}`) === 200, 'the ticket is gone');
  for (let most = 4; most > 0 && await status() !== 'missed'; most -= 1) await stage.nextDay(stage.hospital);
  check(await status() === 'missed', 'the reply is not missed');
  const { escalations } = await stage.ticket(id);
  check(escalations.length === 1 && escalations[0].level === 'city', 'the city is not told');
  await stage.hospital.visit('ticket-missed-hospital', `/tickets/${id}`);
}

/** With a script a message comes by itself; without one, with the next look. */
async function talk(stage, id) {
  const { hospital, maker } = stage;
  const words = `请告知送货车牌（${hospital.variant}）`;
  check(await maker.go(`/tickets/${id}`) === 200, 'the maker does not see it');
  if (maker.script) await maker.page.evaluate(() => { globalThis.stayed = true; });
  await stage.does(hospital, id, 'messages', { body: words, audience: 'all' });
  await hospital.sees(words);
  if (!maker.script) await maker.go(`/tickets/${id}`);
  await maker.sees(words);
  if (maker.script) check(await maker.page.evaluate(() => globalThis.stayed === true), 'the page was loaded anew');
  await maker.keeps('ticket-talk-maker');
}

async function returned(stage) {
  const { maker, city } = stage;
  await stage.step('a ticket is returned, and the city agrees', async () => {
    const id = await stage.files({ summary: '发错企业' });
    await stage.does(maker, id, 'return', { reason: '该规格非我司中选。' });
    await stage.stands(id, 'open');
    await city.visit('ticket-return-city', `/tickets/${id}`);
    await city.does('decide-return', { granted: 'true', reason: '情况属实。' });
    await stage.stands(id, 'returned');
  });
}

async function stopped(stage) {
  const { hospital, maker, city } = stage;
  await stage.step('force majeure stops the clocks; the hospital withdraws', async () => {
    const id = await stage.files({ summary: '台风停产' });
    const day = later(await stage.today(), 10);
    await stage.does(maker, id, 'force-majeure', { expected_end: day, reason: '台风致厂区停电。' });
    await stage.does(city, id, 'decide-force_majeure', { granted: 'true', reason: '已核实。' });
    const { deadlines } = await stage.ticket(id);
    check(deadlines.some((deadline) => deadline.status === 'stopped'), 'the clocks run on');
    await hospital.visit('ticket-stopped-hospital', `/tickets/${id}`);
    await hospital.does('withdraw', { reason: '已从他处调剂。' });
    await stage.stands(id, 'withdrawn');
  });
}

async function climbing(stage) {
  const { hospital, province } = stage;
  await stage.step('the hospital urges and escalates; the province takes it up', async () => {
    const id = await stage.files({ summary: '请求督办' });
    await stage.does(hospital, id, 'urge', { reason: '急用。' });
    await hospital.does('escalate', { reason: '库存见底。' });
    await hospital.does('escalate', { reason: '市局尚无回音。' });
    const { escalations } = await stage.ticket(id);
    check(escalations.some(({ level }) => level === 'province'), 'the province is not told');
    await stage.does(province, id, 'acknowledge', {});
    await province.does('close', { conclusion: '已责成市局跟办。' });
    await province.keeps('ticket-closed-case-province');
    await stage.does(hospital, id, 'withdraw', { reason: '已到货。' });
  });
}

async function together(stage) {
  const { maker, hospital } = stage;
  await stage.step('one reply answers a whole shortage', async () => {
    const id = await stage.files({ summary: '多院缺货' });
    await maker.visit('shortage-events', '/shortage-events');
    const { items } = await maker.ask('/shortage-events?page_size=100');
    const event = items.find(({ product }) => product.code === stage.telling.code);
    check(event?.unanswered > 0, 'the shortage is not there');
    await maker.visit('shortage-event', `/shortage-events/${event.id}`);
    const { promised_quantity: _each, ...words } = reply(await stage.today());
    await maker.does('group-reply', { ...words, ...CONTACT });
    await stage.stands(id, 'promised');
    await stage.does(hospital, id, 'confirm', { result: 'solved' });
    await stage.stands(id, 'closed');
  });
}
