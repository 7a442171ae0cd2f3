// lmkd's packets and messages built without the codec: DataView and BigInt,
// straight from the layout that AOSP's headers give. Tests hold the codec to
// what is made here.

/** Bytes written out by hand; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/\s/g, "");
  if (digits.length % 2 !== 0 || /[^0-9a-f]/.test(digits)) {
    throw new SyntaxError(`Cannot read "${text}" as pairs of hex digits`);
  }
  const pairs = digits.match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

/** Big-endian int32 words. */
export function packet(...words: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => view.setInt32(i * 4, word));
  return new Uint8Array(view.buffer);
}

/** Requests by name: what a framework sends. */
export const ask = {
  target: (...pairs: [minfreePages: number, adj: number][]) =>
    packet(0, ...pairs.flat()),
  procPrio: (pid: number, uid: number, adj: number, ...rest: number[]) =>
    packet(1, pid, uid, adj, ...rest),
  procRemove: (pid: number) => packet(2, pid),
  procPurge: () => packet(3),
  killCount: (minAdj: number, maxAdj: number) => packet(4, minAdj, maxAdj),
  subscribe: (kind: number) => packet(5, kind),
  updateProps: () => packet(7),
  startMonitoring: () => packet(9),
  bootCompleted: () => packet(10),
  procsPrio: (...records: number[][]) => packet(11, ...records.flat()),
};

/** The fields of LMK_STAT_KILL_OCCURRED, in order. */
export interface KillFigures {
  minorFaults: bigint;
  majorFaults: bigint;
  rssBytes: bigint;
  cacheBytes: bigint;
  swapBytes: bigint;
  startNs: bigint;
  uid: number;
  adj: number;
  floorAdj: number;
  freeKb: number;
  freeSwapKb: number;
  reason: number;
  thrashing: number;
  maxThrashing: number;
  name: string;
}

/** Every field with a value of its own. */
export const SOME_FIGURES: KillFigures = {
  minorFaults: 0x0102030405060708n,
  majorFaults: 0x1112131415161718n,
  rssBytes: 5_000_000_000n * 1024n,
  cacheBytes: 0n,
  swapBytes: 7n * 1024n,
  startNs: 123_456_789_010_000_000n,
  uid: 10_057,
  adj: 900,
  floorAdj: 701,
  freeKb: 123_456,
  freeSwapKb: 7_890,
  reason: 3,
  thrashing: 42,
  maxThrashing: 99,
  name: "com.example.app",
};

/** LMK_STAT_KILL_OCCURRED; the name is cut nowhere. */
export function killOccurred(figures: KillFigures): Uint8Array {
  const name = new TextEncoder().encode(figures.name);
  const view = new DataView(new ArrayBuffer(86 + name.length + 1));
  view.setInt32(0, 8);
  view.setBigInt64(4, figures.minorFaults);
  view.setBigInt64(12, figures.majorFaults);
  view.setBigInt64(20, figures.rssBytes);
  view.setBigInt64(28, figures.cacheBytes);
  view.setBigInt64(36, figures.swapBytes);
  view.setBigInt64(44, figures.startNs);
  view.setInt32(52, figures.uid);
  view.setInt32(56, figures.adj);
  view.setInt32(60, figures.floorAdj);
  view.setInt32(64, figures.freeKb);
  view.setInt32(68, figures.freeSwapKb);
  view.setInt32(72, figures.reason);
  view.setInt32(76, figures.thrashing);
  view.setInt32(80, figures.maxThrashing);
  view.setUint16(84, name.length);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(name, 86);
  return bytes;
}

/** The releases, oldest first: their number is their place. */
export const RELEASES = [
  ...["11", "12", "13", "14", "14-QPR3", "15", "15-QPR1", "15-QPR2"],
  ...["16", "16-QPR2", "17"],
];

/** Number of a release by its name. */
export function release(name: string): number {
  const number = RELEASES.indexOf(name);
  if (number < 0) {
    throw new RangeError(`No release "${name}": ${RELEASES.join(" ")}`);
  }
  return number;
}

/** What a client may send: the release it came with, and how many words may
 * follow the command. */
export const RULES: {
  command: number;
  name: string;
  since: string;
  args: number[];
  /** Where 17 differs. */
  args17?: number[];
}[] = [
  {
    command: 0,
    name: "TARGET",
    since: "11",
    args: [0, 2, 4, 6, 8, 10, 12],
  },
  {
    command: 1,
    name: "PROCPRIO",
    since: "11",
    args: [3, 4],
    args17: [3, 4, 5],
  },
  { command: 2, name: "PROCREMOVE", since: "11", args: [1] },
  { command: 3, name: "PROCPURGE", since: "11", args: [0] },
  { command: 4, name: "GETKILLCNT", since: "11", args: [2] },
  { command: 5, name: "SUBSCRIBE", since: "11", args: [1] },
  { command: 7, name: "UPDATE_PROPS", since: "11", args: [0] },
  { command: 9, name: "START_MONITORING", since: "14-QPR3", args: [0] },
  { command: 10, name: "BOOT_COMPLETED", since: "15", args: [0] },
  {
    command: 11,
    name: "PROCS_PRIO",
    since: "15",
    args: [4, 8, 12],
    args17: [5, 10, 15],
  },
];

/** What a packet is to a release. */
export type Verdict = "length" | "value" | "command" | number[];

function adjOk(adj: number): boolean {
  return adj >= -1000 && adj <= 1000;
}

/** Whether the words after a command of the right length are in range. */
function valuesOk(command: number, args: number[]): boolean {
  switch (command) {
    case 0:
      return args.every((word, i) => i % 2 === 0 ? word >= 0 : adjOk(word));
    case 1:
      return args[0]! > 0 && adjOk(args[2]!) && [0, 1].includes(args[3] ?? 0);
    case 2:
      return args[0]! > 0;
    case 5:
      return [0, 1].includes(args[0]!);
    default:
      return true;
  }
}

/**
 * The verdict on a packet by the rules above: why it is refused, or its words,
 * those that PROCPRIO may leave out included.
 */
export function verdictOf(bytes: Uint8Array, releaseNumber: number): Verdict {
  const is17 = releaseNumber === release("17");
  const kept = bytes.slice(0, is17 ? 64 : 52);
  const view = new DataView(kept.buffer);
  const words = Array.from(
    { length: Math.floor(kept.length / 4) },
    (_, i) => view.getInt32(i * 4),
  );
  const [command, ...args] = words;
  if (command === undefined) return "length";
  const rule = RULES.find((one) => one.command === command);
  if (rule === undefined || releaseNumber < release(rule.since)) {
    return "command";
  }
  const counts = is17 ? rule.args17 ?? rule.args : rule.args;
  if (!counts.includes(args.length)) return "length";
  if (!valuesOk(command, args)) return "value";
  if (command !== 1) return words;
  const whole = is17 ? 6 : 5;
  return [...words, 0, 0].slice(0, Math.max(words.length, whole));
}
