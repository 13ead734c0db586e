/** Measures candidates against a base, side by side. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Spread } from './statistics';
import { shuffled, spreadOf } from './statistics';
import type { SubjectAddress } from './subject';
import type { Answer, Request } from './worker';

/** What stands against what. */
export interface Comparison {
  readonly base: SubjectAddress;
  readonly candidates: readonly SubjectAddress[];
  /** @default 11 */
  readonly rounds?: number;
  /** How long one slice takes. @default 100 */
  readonly sliceMs?: number;
  /** How long a subject works before it counts. @default 1000 */
  readonly warmMs?: number;
  /** Told after every step, with how far it is from 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** How a candidate stands to the base. */
export interface Compared {
  readonly name: string;
  /** Time of the candidate over the mean of the two slices of the base around it. */
  readonly ratio: Spread;
  /** Nanoseconds of the candidate and of the base; of use beside each other only. */
  readonly nanoseconds: number;
  readonly baseNanoseconds: number;
}

const LEAST_ROUNDS = 9;

/**
 * Each subject in its own warmed process; a slice of the base before and after every slice of a
 * candidate; the order shuffled every round.
 */
export async function compare(comparison: Comparison): Promise<Compared[]> {
  const { base, candidates, rounds = 11, progress = () => undefined } = comparison;
  const contenders: Contender[] = [];
  try {
    const baseContender = await Contender.start(base, comparison);
    contenders.push(baseContender);
    for (const candidate of candidates) {
      contenders.push(await Contender.start(candidate, comparison));
      progress((0.3 * contenders.length) / (candidates.length + 1));
    }
    const others = contenders.slice(1);
    for (let round = 0; round < Math.max(rounds, LEAST_ROUNDS); round++) {
      await playRound(baseContender, others);
      progress(0.3 + (0.7 * (round + 1)) / rounds);
    }
    return others.map((contender) => contender.result());
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function playRound(base: Contender, others: readonly Contender[]): Promise<void> {
  let before = await base.slice();
  for (const contender of shuffled(others)) {
    const own = await contender.slice();
    const after = await base.slice();
    contender.note(own, (before + after) / 2);
    before = after;
  }
}

/** A subject's process, seen from here. */
class Contender {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #own: number[] = [];
  readonly #base: number[] = [];

  private constructor({ name }: SubjectAddress, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
  }

  static async start(
    address: SubjectAddress,
    { warmMs = 1000, sliceMs = 100 }: Comparison,
  ): Promise<Contender> {
    const child = fork(join(__dirname, 'worker.js'), [JSON.stringify(address)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const contender = new Contender(address, child);
    await contender.#answer();
    await contender.#ask({ kind: 'warm', warmMs, sliceMs });
    return contender;
  }

  slice(): Promise<number> {
    return this.#ask({ kind: 'slice' });
  }

  note(own: number, base: number): void {
    this.#own.push(own);
    this.#base.push(base);
  }

  result(): Compared {
    return {
      name: this.#name,
      ratio: spreadOf(this.#own.map((own, round) => own / (this.#base[round] ?? NaN))),
      nanoseconds: spreadOf(this.#own).median,
      baseNanoseconds: spreadOf(this.#base).median,
    };
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'exit');
    await this.#ask({ kind: 'close' });
    this.#child.kill();
    await closed;
  }

  #ask(request: Request): Promise<number> {
    this.#child.send(request);
    return this.#answer();
  }

  async #answer(): Promise<number> {
    const ended = new AbortController();
    const gone = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`the process of "${this.#name}" ended with ${String(code)}`);
    });
    gone.catch(() => undefined);
    try {
      const [answer] = (await Promise.race([once(this.#child, 'message'), gone])) as [Answer];
      return answer.nanoseconds;
    } finally {
      ended.abort();
    }
  }
}
