/** What holds of the newest AI SDK 6 holds of the first one. */
import './ai-sdk.spec';

jest.mock('ai', () => jest.requireActual<object>('ai-6-0'));
jest.mock('ai/test', () => jest.requireActual<object>('ai-6-0/test'));
