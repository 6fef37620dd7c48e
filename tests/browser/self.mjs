// That the harness notices: a page with every fault it looks for.
import { check } from './report.mjs';

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'";
const PAGE = `<!doctype html><html lang="zh-CN"><head><title>坏页面</title><style>p { color: red }</style></head>
<body><main><h1 id="same">坏页面</h1><p id="same">两个</p><img src="/assets/missing.png">
<table><tr><td>${'x'.repeat(900)}</td></tr></table><script>alert(1)</script></main></body></html>`;

const FAULTS = [
  ['the id same is there more than once', 'twins'],
  ['instead of 360 wide', 'what sticks out'],
  ['axe image-alt', 'barriers'],
  ['Content Security Policy', 'what the policy forbids'],
  ['/assets/missing.png', 'what cannot be loaded'],
];

export async function self(harness) {
  const person = await harness.person(null);
  await person.page.route('**/bad', (route) => route.fulfill({
    body: PAGE, contentType: 'text/html; charset=utf-8', headers: { 'content-security-policy': POLICY },
  }));
  const told = await person.visit('bad', '/bad').then(() => '', (error) => error.message);
  for (const [words, what] of FAULTS) {
    await harness.report.try(`notices ${what}`, () => check(told.includes(words), told));
  }
  await harness.report.try('notices a status', async () => {
    const found = await person.visit('absent', '/absent').then(() => '', (error) => error.message);
    check(found.includes('404 instead of 200'), found);
    await person.visit('absent', '/absent', 404).catch((error) => check(!error.message.includes('console'), error.message));
  });
  await person.page.context().close();
}
