// Every page, as everybody who may see it sees it.
//
// To add a page, add a row. `follow` is a selector of a link on `path`: the page behind the first
// one found is visited, since ids differ from demo to demo.
import { check } from './report.mjs';

const LINK = 'main a[href^="/tickets/"]:not([href="/tickets/new"])';

const ROWS = [
  { role: null, name: 'home', path: '/' },
  { role: null, name: 'login', path: '/login' },
  { role: null, name: 'demo', path: '/demo' },
  { role: 'hospital', name: 'hospital-home', path: '/' },
  { role: 'hospital', name: 'tickets', path: '/tickets' },
  { role: 'hospital', name: 'tickets-overdue', path: '/tickets?overdue=true&sort=due_at' },
  { role: 'hospital', name: 'tickets-none', path: '/tickets?q=zzzz' },
  { role: 'hospital', name: 'ticket-hospital', path: '/tickets', follow: LINK },
  { role: 'hospital', name: 'ticket-overdue', path: '/tickets?overdue=true', follow: LINK },
  { role: 'hospital', name: 'find-product', path: '/tickets/new?q=dkl' },
  { role: 'hospital', name: 'find-product-none', path: '/tickets/new?q=zzzz' },
  { role: 'hospital', name: 'file-ticket', path: '/tickets/new?q=dkl', follow: 'main a[href*="product="]' },
  { role: 'hospital', name: 'notices', path: '/notices' },
  { role: 'hospital', name: 'calculator', path: '/calculator?filed_at=2026-02-13T10:00&urgency=ordinary' },
  { role: 'hospital', name: 'account', path: '/account' },
  { role: 'hospital', name: 'mailbox', path: '/demo/mailbox' },
  { role: 'hospital', name: 'mail', path: '/demo/mailbox?to=province', follow: 'main li > div a' },
  { role: 'hospital', name: 'text-message', path: '/demo/mailbox?to=maker', follow: 'main li > div a' },
  { role: 'hospital', name: 'nowhere', path: '/nowhere', status: 404 },
  { role: 'hospital', name: 'not-mine', path: '/users', status: 403 },
  { role: 'maker', name: 'maker-home', path: '/' },
  { role: 'maker', name: 'ticket-maker', path: '/tickets?state=open', follow: LINK },
  { role: 'maker', name: 'ticket-promised', path: '/tickets?state=promised', follow: LINK },
  { role: 'distributor', name: 'distributor-home', path: '/' },
  { role: 'distributor', name: 'ticket-distributor', path: '/tickets', follow: LINK },
  { role: 'city', name: 'city-home', path: '/' },
  { role: 'city', name: 'ticket-city', path: '/tickets?escalated=true', follow: LINK },
  { role: 'province', name: 'province-home', path: '/' },
  { role: 'province', name: 'ticket-closed', path: '/tickets?state=closed', follow: LINK },
  { role: 'admin', name: 'tickets-bare', path: '/tickets' },
  { role: 'admin', name: 'ticket-bare', path: '/tickets', follow: LINK },
  { role: 'hospital', name: 'calendars', path: '/calendars' },
  { role: 'hospital', name: 'calendar-year', path: '/calendars', follow: 'main table a' },
  { role: 'hospital', name: 'policies', path: '/policies' },
  { role: 'hospital', name: 'policy', path: '/policies', follow: 'main table a' },
  { role: 'admin', name: 'admin-home', path: '/' },
  { role: 'admin', name: 'policies-kept', path: '/policies' },
  { role: 'admin', name: 'policy-kept', path: '/policies', follow: 'main table a' },
  { role: 'admin', name: 'policy-new', path: '/policies/new' },
  { role: 'admin', name: 'policy-replan', path: '/policies/01900000-0000-7000-8000-000000000037/replan' },
  { role: 'admin', name: 'simulation', path: '/policies/simulation' },
  { role: 'admin', name: 'simulation-found', path: '/policies/simulation?policy=01900000-0000-7000-8000-000000000037&from=2026-01-01&to=2026-12-31' },
  { role: 'admin', name: 'organisations', path: '/organisations' },
  { role: 'admin', name: 'organisations-found', path: '/organisations?kind=hospital&division=371000' },
  { role: 'admin', name: 'calendars-admin', path: '/calendars' },
  { role: 'admin', name: 'calendar-year-admin', path: '/calendars', follow: 'main table a' },
  { role: 'admin', name: 'calendar-day', path: '/calendars/01900000-0000-7000-8000-000000000002/day?date=2026-10-01' },
  { role: 'admin', name: 'calendar-add', path: '/calendars/01900000-0000-7000-8000-000000000002/add' },
  { role: 'admin', name: 'calendar-new', path: '/calendars/new' },
  { role: 'admin', name: 'batches', path: '/batches' },
  { role: 'admin', name: 'users', path: '/users' },
  { role: 'admin', name: 'users-of-one', path: '/organisations?kind=manufacturer', follow: 'main td a' },
  { role: 'admin', name: 'organisation-new', path: '/organisations/new' },
  { role: 'admin', name: 'organisation', path: '/organisations?kind=hospital', follow: 'main th a' },
  { role: 'admin', name: 'user-new', path: '/users/new' },
  { role: 'admin', name: 'user', path: '/users?role=manufacturer', follow: 'main th a' },
  { role: 'admin', name: 'user-not-theirs', path: '/users?role=auditor', follow: 'main th a' },
  { role: 'admin', name: 'products', path: '/products' },
  { role: 'admin', name: 'product', path: '/products', follow: 'main th a' },
  { role: 'admin', name: 'agreements', path: '/agreements' },
  { role: 'admin', name: 'deliveries', path: '/deliveries' },
  { role: 'admin', name: 'dead-letters', path: '/deliveries?state=failed' },
  { role: 'admin', name: 'templates', path: '/templates' },
  { role: 'admin', name: 'template-mail', path: '/templates/filed/manufacturer/mail/zh-CN' },
  { role: 'admin', name: 'template-letter', path: '/templates/digest/anybody/mail/zh-CN' },
  { role: 'admin', name: 'template-sms', path: '/templates/missed/bureau/sms/en' },
  { role: 'admin', name: 'channels', path: '/channels' },
  { role: 'admin', name: 'channel-mail', path: '/channels/mail' },
  { role: 'admin', name: 'channel-sms', path: '/channels/sms' },
  { role: 'security', name: 'security-home', path: '/' },
  { role: 'security', name: 'locks', path: '/locks' },
  { role: 'security', name: 'security-user', path: '/users?role=auditor', follow: 'main th a' },
  { role: 'maker', name: 'contacts', path: '/account', follow: 'main a[href$="/contacts"]' },
  { role: null, name: 'link-nobodys', path: '/invitations/nonsense', status: 404 },
  { role: 'auditor', name: 'auditor-home', path: '/' },
  { role: 'auditor', name: 'audit', path: '/audit' },
  { role: 'auditor', name: 'audit-verify', path: '/audit/verify' },
  { role: 'city', name: 'city-escalations', path: '/escalations' },
  { role: 'city', name: 'city-held', path: '/escalations?view=held' },
  { role: 'city', name: 'city-asked', path: '/escalations?view=asked' },
  { role: 'city', name: 'city-area', path: '/escalations?view=area' },
  { role: 'city', name: 'city-closed', path: '/escalations?view=closed' },
  { role: 'city', name: 'city-region', path: '/region' },
  { role: 'city', name: 'city-ledger', path: '/ledger' },
  { role: 'province', name: 'province-region', path: '/region' },
  { role: 'province', name: 'province-ledger-product', path: '/ledger?by=product' },
  { role: 'province', name: 'province-ledger-month', path: '/ledger?by=month&from=2026-01-01' },
  { role: 'province', name: 'province-shortages', path: '/shortage-events' },
  {
    role: 'province', name: 'province-shortage', path: '/shortage-events',
    follow: 'main a[href^="/shortage-events/"]',
  },
  { role: 'maker', name: 'maker-shortages', path: '/shortage-events' },
  { role: 'maker', name: 'maker-shortage', path: '/shortage-events', follow: 'main a[href^="/shortage-events/"]' },
  { role: 'maker', name: 'maker-ledger', path: '/ledger?by=county' },
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
    for (const { name, path, follow, status } of ROWS.filter((row) => row.role === role)) {
      await harness.report.try(`${name} (${person})`, async () => {
        await person.visit(name, follow ? await behind(person, path, follow) : path, status);
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
