// Everything in a browser, on a running demo: node run.mjs http://127.0.0.1:8080
import { Harness } from './harness.mjs';
import { life } from './life.mjs';
import { pages } from './pages.mjs';
import { Report } from './report.mjs';
import { self } from './self.mjs';

const PARTS = { self, pages, life };

const [base, ...wanted] = process.argv.slice(2);
if (!base) {
  process.stderr.write(`usage: node run.mjs ADDRESS [${Object.keys(PARTS).join(' ')}]\n`);
  process.exit(2);
}

const report = new Report();
const harness = await Harness.start(base, report);
try {
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    process.stdout.write(`\n${name}\n`);
    try {
      await part(harness);
    } catch (error) {
      report.fail(name, error);
    }
  }
} finally {
  await harness.stop();
}
process.exit(report.finish() ? 0 : 1);
