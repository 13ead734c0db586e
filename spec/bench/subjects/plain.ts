/**
 * The same record by plain use of the libraries: decorators on a class that extends eventemitter3,
 * `validateSync` on what comes in, `instanceToPlain` and `plainToInstance`, which walk every payload.
 */
import 'reflect-metadata';
import { Exclude, Expose, instanceToPlain, plainToInstance, Type } from 'class-transformer';
import {
  IsDate,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Min,
  validateSync,
} from 'class-validator';
import { EventEmitter } from 'eventemitter3';
import { v7 } from 'uuid';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Listening, Usage, WritingKeeper } from '../work';
import { INPUT, listen, live, METADATA, mutate, SESSION_ID } from '../work';

const STATUSES = ['pending', 'running', 'completed', 'failed', 'cancelled', 'timeout'];

@Exclude()
class PlainRun extends EventEmitter {
  @Expose() @IsString() @IsNotEmpty() id = `run_${v7().replaceAll('-', '')}`;
  @Expose({ name: 'session_id' }) @IsString() @IsNotEmpty() sessionId!: string;
  @Expose() @IsIn(STATUSES) status = 'pending';
  @Expose() @IsOptional() @IsObject() input: object | null = null;
  @Expose() @IsOptional() @IsObject() output: object | null = null;
  @Expose() @IsOptional() @IsObject() error: object | null = null;
  @Expose() @IsObject() metadata: object = {};
  @Expose({ name: 'turn_count' }) @IsInt() @Min(0) turnCount = 0;
  @Expose({ name: 'token_usage' }) @IsObject() tokenUsage: Record<string, number> = {};
  @Expose({ name: 'started_at' }) @Type(() => Date) @IsDate() startedAt = new Date();
  @Expose({ name: 'ended_at' }) @Type(() => Date) @IsOptional() @IsDate() endedAt: Date | null = null;
  @Expose() @IsOptional() @IsString() provider: string | null = null;
  @Expose({ name: 'cost_usd' }) @IsOptional() @IsNumber() @Min(0) costUsd: number | null = null;
  @Expose({ name: 'provider_metadata' }) @IsObject() providerMetadata: object = {};

  static create(attributes: Pick<PlainRun, 'sessionId' | 'input' | 'metadata' | 'provider'>): PlainRun {
    return checked(Object.assign(new PlainRun(), attributes));
  }

  static fromJSON(json: object): PlainRun {
    return checked(plainToInstance(PlainRun, json));
  }

  move(to: string): void {
    const from = this.status;
    const at = Date.now();
    this.status = to;
    if (to === 'completed') this.endedAt = new Date(at);
    this.emit('statusChanged', { run: this, from, to, at });
  }

  turn(): void {
    this.turnCount += 1;
    this.emit('turnIncremented', { run: this, turnCount: this.turnCount, at: Date.now() });
  }

  use(delta: Usage): void {
    for (const [counter, count] of Object.entries(delta) as [string, number][]) {
      this.tokenUsage[counter] = (this.tokenUsage[counter] ?? 0) + count;
    }
    const { tokenUsage, costUsd } = this;
    this.emit('usageUpdated', { run: this, delta, tokenUsage: { ...tokenUsage }, costUsd, at: Date.now() });
  }

  toJSON(): Record<string, unknown> {
    return instanceToPlain(this);
  }
}

function checked(run: PlainRun): PlainRun {
  const [error] = validateSync(run);
  if (error !== undefined) throw new Error(`bad ${error.property}`);
  return run;
}

function plainKeeper({ listeners }: Listening): WritingKeeper<PlainRun> {
  return {
    create() {
      const run = PlainRun.create({
        sessionId: SESSION_ID,
        input: INPUT,
        metadata: METADATA,
        provider: 'openai',
      });
      for (let index = 0; index < listeners; index++) {
        for (const event of ['statusChanged', 'turnIncremented', 'usageUpdated']) run.on(event, listen);
      }
      return run;
    },
    start: (run) => run.move('running'),
    turn: (run) => run.turn(),
    use: (run, usage) => run.use(usage),
    finish(run, output) {
      run.output = output;
      run.move('completed');
    },
    write: (run) => JSON.stringify(run),
    read: (text) => PlainRun.fromJSON(JSON.parse(text) as object),
  };
}

export function lifecycle(parameters: Listening): Subject {
  const keeper = plainKeeper(parameters);
  return repeated(() => live(keeper));
}

export function mutations(parameters: Listening): Subject {
  const keeper = plainKeeper(parameters);
  return repeated(() => mutate(keeper));
}
