/** How long the steps of an event loop take: all that it does between two turns. */
export class StepMeter {
  #longest = 0;
  #cpu = process.cpuUsage();
  #began = performance.now();
  #isOver = false;

  constructor() {
    setImmediate(() => this.#turn());
  }

  /** The longest step, in milliseconds: the shorter of wall clock and processor time, since others use the processor too. */
  stop(): number {
    this.#isOver = true;
    return this.#longest;
  }

  #turn(): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    const took = performance.now() - this.#began;
    this.#longest = Math.max(this.#longest, Math.min(took, (user + system) / 1000));
    this.#cpu = process.cpuUsage();
    this.#began = performance.now();
    if (!this.#isOver) setImmediate(() => this.#turn());
  }
}
