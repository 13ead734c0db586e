import { PassThrough } from 'node:stream';
import { Run } from 'agent-run';
import { terminal } from '../../examples/support/screen';
import { Timeline } from '../../examples/support/timeline';

const ESCAPE = '\u001b';

function fakeTerminal(isTTY: boolean, hasColors: boolean): NodeJS.WriteStream {
  return Object.assign(new PassThrough(), {
    isTTY,
    hasColors: () => hasColors,
  }) as unknown as NodeJS.WriteStream;
}

/** What a timeline shows of what is done to a run, without the heading. */
function rowsOf(change: (run: Run) => void): string[] {
  const rows: string[] = [];
  const run = new Run({ sessionId: 'session-123', limits: { maxTurns: 2 } });
  const line = (text = ''): void => void rows.push(text.replace(/\d+\.\d\d s/, '<time>'));
  const screen = { line, fact: line, styled: (_: unknown, text: string) => text };
  new Timeline(run, screen).start();
  change(run);
  return rows.slice(1);
}

describe('Timeline', () => {
  it('shows turns, tokens, cost and what an event says, in columns', () => {
    const rows = rowsOf((run) => {
      run.updateStatus('running').incrementTurn().addCost(0.00125);
      run.updateTokenUsage({ input_tokens: 1200, output_tokens: 34, cache_read_tokens: 1000 });
    });
    expect(rows).toEqual([
      '   <time>     0         0          ?  status    pending → running',
      '   <time>     1         0          ?  turn      1',
      '   <time>     1         0   $0.00125  usage     the cost',
      '   <time>     1     1,234   $0.00125  usage     +1,200 in (1,000 cached), +34 out',
    ]);
  });

  it('shows how much of a limit is used', () => {
    const rows = rowsOf((run) => run.updateStatus('running').incrementTurn().incrementTurn());
    expect(rows.at(-1)).toMatch(/limit {5}maxTurns: 2 of 2 used$/);
  });

  it('shows a listener that failed', () => {
    const rows = rowsOf((run) => {
      run.on('turnIncremented', () => {
        throw new Error('no');
      });
      run.incrementTurn();
    });
    expect(rows.at(-1)).toMatch(/listener {2}turnIncremented: Error: no$/);
  });

  it('shows what changed', () => {
    expect(rowsOf((run) => (run.provider = 'openai'))[0]).toMatch(/changed {3}provider$/);
  });
});

describe('terminal', () => {
  it.each([
    [true, true, true],
    [true, false, false],
    [false, true, false],
  ])('with a terminal %p that has colours %p: styles %p', (isTTY, hasColors, styles) => {
    expect(terminal(fakeTerminal(isTTY, hasColors)).styled('red', 'text').includes(ESCAPE)).toBe(styles);
  });

  it('goes on when its reader has gone', () => {
    const output = fakeTerminal(false, false);
    terminal(output);
    expect(() => output.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))).not.toThrow();
    expect(() => output.emit('error', new Error('disk full'))).toThrow('disk full');
  });
});
