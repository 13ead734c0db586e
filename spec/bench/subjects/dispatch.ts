/** An event to listeners: `Run` against an emitter of eventemitter3 that builds the same payload. */
import { EventEmitter } from 'eventemitter3';
import { Run } from '../built';
import type { Subject } from '../subject';
import { repeated } from '../subject';
import type { Listening } from '../work';
import { listen, SESSION_ID } from '../work';

const EVENT = 'turnIncremented';

class BareRun extends EventEmitter {
  turnCount = 0;

  incrementTurn(): this {
    this.turnCount += 1;
    this.emit(EVENT, { run: this, turnCount: this.turnCount, at: Date.now() });
    return this;
  }
}

export function bareTurn({ listeners }: Listening): Subject {
  const bare = new BareRun();
  for (let index = 0; index < listeners; index++) bare.on(EVENT, listen);
  return repeated(() => bare.incrementTurn());
}

export function runTurn({ listeners }: Listening): Subject {
  const run = new Run({ sessionId: SESSION_ID });
  for (let index = 0; index < listeners; index++) run.on(EVENT, listen);
  return repeated(() => run.incrementTurn());
}

export function bareEmit({ listeners }: Listening): Subject {
  const bare = new BareRun();
  for (let index = 0; index < listeners; index++) bare.on(EVENT, listen);
  const event = { run: bare, turnCount: 1, at: 0 };
  return repeated(() => bare.emit(EVENT, event));
}

export function runEmit({ listeners }: Listening): Subject {
  const run = new Run({ sessionId: SESSION_ID });
  for (let index = 0; index < listeners; index++) run.on(EVENT, listen);
  const event = { run, turnCount: 1, at: 0 };
  return repeated(() => run.emit(EVENT, event));
}
