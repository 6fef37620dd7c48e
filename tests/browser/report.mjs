// Tells each step as it is taken, and what went wrong at the end.

export class Report {
  #failures = [];
  #passed = 0;

  /** Takes a step. One that fails is told and, by itself, ends nothing. */
  async step(name, act) {
    const began = performance.now();
    const took = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
    try {
      const outcome = await act();
      this.#passed += 1;
      process.stdout.write(`  ok      ${name} (${took()})\n`);
      return outcome;
    } catch (error) {
      const text = String(error?.message ?? error).trim();
      this.#failures.push({ name, text });
      process.stdout.write(`  FAILED  ${name} (${took()})\n${text.replace(/^/gm, '          ')}\n`);
      throw new StepFailed(name, { cause: error });
    }
  }

  /** A step that others do not build on. */
  async try(name, act) {
    try {
      return await this.step(name, act);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      return undefined;
    }
  }

  /** Something went wrong outside of any step. */
  fail(name, error) {
    if (!(error instanceof StepFailed)) this.#failures.push({ name, text: String(error?.stack ?? error) });
  }

  /** Says how it went; true when all did well. */
  finish() {
    for (const { name, text } of this.#failures) process.stdout.write(`\nfailed: ${name}\n${text}\n`);
    process.stdout.write(`\nbrowser: ${this.#passed} passed, ${this.#failures.length} failed\n`);
    return this.#failures.length === 0;
  }
}

/** A step failed, and has been told. */
export class StepFailed extends Error {}

/** Fails with `text` unless `truth`. */
export function check(truth, text) {
  if (!truth) throw new Error(text);
}
