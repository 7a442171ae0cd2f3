// @hot
// Numbers for the calls that may fail, as gauges and journal records name
// them. Their words are made by report/calls.ts.

// The ports' calls (daemon/ports.ts).
export const CALL_WAIT = 1;
export const CALL_SAMPLE = 3;
export const CALL_RECEIVE = 4;
export const CALL_SEND = 5;
export const CALL_KILL = 6;
export const CALL_PERSIST = 7;
export const CALL_ASK_TITLES = 8;
export const CALL_ACCEPT = 9;
export const CALL_CLOSE = 10;
export const CALL_ADOPT = 11;
export const CALL_WRITE_ADJ = 12;
export const CALL_OPEN_STATUS = 13;
export const CALL_OPEN_STAT = 14;
export const CALL_SOFT_LIMIT = 15;
export const CALL_READ_ADJ = 16;
export const CALL_SCAN = 17;
export const CALL_READ_START = 32;
export const CALL_RELEASE_BALLAST = 33;
export const CALL_FILL_BALLAST = 34;

// Cold calls, of the start and of errands (shim/patient.ts).
export const CALL_OPEN = 18;
export const CALL_OPEN_KEPT = 19;
export const CALL_WATCH = 20;
export const CALL_TRIGGER = 21;
export const CALL_VMPRESSURE = 22;
export const CALL_LISTEN = 23;
export const CALL_RESERVE = 24;
export const CALL_ATTACH = 25;
export const CALL_START = 26;
export const CALL_LOCK_ARENA = 27;
export const CALL_LOCK_FILE = 28;
export const CALL_SET_FIFO = 30;
export const CALL_SPARE = 31;
/** No call of the shim: something of the runtime's threw, and nobody was there
 * to catch it. */
export const CALL_RUNTIME = 29;

/** Reading slot i of the sensor is call CALL_SLOT + i. */
export const CALL_SLOT = 64;

/** Whether an outcome says that something was wanting that may be there a
 * moment later: EINTR, EAGAIN, ENOMEM, ENFILE, EMFILE or ENOBUFS (errno(3)). */
export function isWant(rc: number): boolean {
  return rc === -4 || rc === -11 || rc === -12 || rc === -23 || rc === -24 ||
    rc === -105;
}
