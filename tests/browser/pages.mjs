// Every page, as everybody who may see it sees it.
//
// To add a page, add a row. `follow` is a selector of a link on `path`: the page behind the first
// one found is visited, since ids differ from demo to demo.
import { check } from './report.mjs';

const ROWS = [
  { role: null, name: 'home', path: '/' },
  { role: null, name: 'login', path: '/login' },
  { role: 'hospital', name: 'hospital-home', path: '/' },
  { role: 'hospital', name: 'calendars', path: '/calendars' },
  { role: 'hospital', name: 'calendar-year', path: '/calendars', follow: 'main table a' },
  { role: 'hospital', name: 'policies', path: '/policies' },
  { role: 'hospital', name: 'policy', path: '/policies', follow: 'main table a' },
  { role: 'admin', name: 'admin-home', path: '/' },
  { role: 'admin', name: 'organisations', path: '/organisations' },
  { role: 'admin', name: 'organisations-found', path: '/organisations?kind=hospital&division=371000' },
  { role: 'admin', name: 'users', path: '/users' },
  { role: 'admin', name: 'users-of-one', path: '/organisations?kind=manufacturer', follow: 'main td a' },
  { role: 'admin', name: 'deliveries', path: '/deliveries' },
  { role: 'admin', name: 'dead-letters', path: '/deliveries?state=failed' },
  { role: 'security', name: 'security-home', path: '/' },
  { role: 'security', name: 'locks', path: '/locks' },
  { role: 'auditor', name: 'auditor-home', path: '/' },
  { role: 'auditor', name: 'audit', path: '/audit' },
];

const VARIANTS = [
  { language: 'zh-CN' },
  { language: 'en', dark: true },
  { language: 'zh-CN', script: false },
];

/** Two browsers at a time look at all pages; nothing is changed by looking. */
export async function pages(harness) {
  const roles = [...new Set(ROWS.map((row) => row.role))];
  const tours = VARIANTS.flatMap((variant) => roles.map((role) => ({ role, variant })));
  const worker = async () => {
    for (let tour = tours.shift(); tour; tour = tours.shift()) await look(harness, tour);
  };
  await Promise.all([worker(), worker()]);
}

async function look(harness, { role, variant }) {
  const person = await harness.person(role, variant);
  try {
    if (role) await harness.report.step(`sign in (${person})`, () => person.signIn());
    for (const { name, path, follow } of ROWS.filter((row) => row.role === role)) {
      await harness.report.try(`${name} (${person})`, async () => {
        await person.visit(name, follow ? await behind(person, path, follow) : path);
      });
    }
  } catch (error) {
    harness.report.fail(`pages (${person})`, error);
  } finally {
    await person.page.context().close();
  }
}

async function behind(person, path, follow) {
  check(await person.go(path) === 200, `${path} is not there`);
  const address = await person.page.locator(follow).first().getAttribute('href');
  check(address, `${path} has no link ${follow}`);
  return address;
}
