import { objectOf } from '../../lib/http/body';
import { checkOrigin, checkUrl, readBody } from '../../lib/http/guard';
import { issuesOf } from '../support/refusal-of';

const MEGABYTE = 1_048_576;

function post(
  body: ReadableStream<Uint8Array> | string | null,
  headers: Readonly<Record<string, string>> = {},
): Request {
  const init = {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json', ...headers },
    duplex: 'half',
  };
  return new Request('http://runs.test/', init as RequestInit);
}

/** A body that comes in these pieces. */
function inPieces(...pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

describe('readBody()', () => {
  it.each(['application/json', ' application/json ; charset=utf-8', 'Application/JSON'])(
    'reads JSON that is said to be %j',
    async (type) => {
      expect(await readBody(post('{"a":1}', { 'Content-Type': type }))).toEqual({ a: 1 });
    },
  );

  it('reads no body as an empty object, and what is no JSON as nothing', async () => {
    expect(await readBody(post(null))).toEqual({});
    expect(await readBody(post(''))).toEqual({});
    expect(await readBody(post('{'))).toBeUndefined();
  });

  it('puts characters together that come in two pieces', async () => {
    const bytes = Buffer.from('"é"');
    expect(await readBody(post(inPieces(bytes.subarray(0, 2), bytes.subarray(2))))).toBe('é');
  });

  it('reads a megabyte, and refuses a byte more, whether it is announced or not', async () => {
    const whole = JSON.stringify('x'.repeat(MEGABYTE - 2));
    const length = { 'Content-Length': String(MEGABYTE) };
    expect(await readBody(post(inPieces(Buffer.from(whole)), length))).toHaveLength(MEGABYTE - 2);
    await expect(readBody(post(inPieces(Buffer.from(`${whole} `))))).rejects.toMatchObject({ status: 413 });
    const announced = post('{}', { 'Content-Length': String(MEGABYTE + 1) });
    await expect(readBody(announced)).rejects.toMatchObject({ status: 413 });
  });
});

describe('checkUrl()', () => {
  it('takes 8,192 characters and no more', () => {
    const url = `http://runs.test/?${'x'.repeat(8192 - 18)}`;
    expect(url).toHaveLength(8192);
    expect(() => checkUrl({ url } as Request)).not.toThrow();
    expect(() => checkUrl({ url: `${url}x` } as Request)).toThrow(/longer than 8192/);
  });
});

describe('checkOrigin()', () => {
  it('takes the host that a proxy forwards, one of several', () => {
    const origin = { Origin: 'https://runs.example' };
    const forwarded = post('{}', { ...origin, 'X-Forwarded-Host': 'inner.test, runs.example' });
    expect(() => checkOrigin(forwarded)).not.toThrow();
    expect(() => checkOrigin(post('{}', origin))).toThrow(/another origin/);
  });
});

describe('objectOf()', () => {
  it('takes an object with members that are known, and refuses anything else', () => {
    expect(objectOf({ reason: 'x' }, ['reason'])).toEqual({ reason: 'x' });
    for (const body of [undefined, null, [], 'x']) {
      expect(issuesOf(() => objectOf(body, ['reason']))).toEqual([': must be a JSON object']);
    }
    expect(issuesOf(() => objectOf({ cause: 1 }, ['reason']))).toEqual([
      'cause: is not known (known: reason)',
    ]);
  });
});
