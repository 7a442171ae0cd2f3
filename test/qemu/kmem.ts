// What the kernel allocated for the guard's threads between the alarm and the
// victim's death, from the kernel's own trace; and how long the guard's turns
// were. Pure.
//
// - The *alarm* is the wake of the turn in which the guard first looked closely
//   (src/state/gauges.ts, G_ALARM_US); the *death* is when the runner saw the
//   culprit's pidfd become readable.
// - An *allocation* is an event of the slab or of the page allocator in a
//   thread of the guard's or its keeper's. What an interrupt allocates that
//   came just then is not the guard's.

import type { Run } from "./record.ts";

/** One line of the trace, and how the kernel got there, innermost first. */
export interface TraceEvent {
  atUs: number;
  tid: number;
  inInterrupt: boolean;
  text: string;
  stack: string[];
}

/** Allocations of this way are not the guard's to avoid. */
export interface Excuse {
  /** Both functions are on the stack. */
  through: readonly [from: string, to: string];
  why: string;
}

export const EXCUSES: readonly Excuse[] = [
  {
    through: ["__tlb_remove_page_size", "__do_sys_process_mrelease"],
    why:
      "the reaper's: the kernel takes a page to list pages it frees, without " +
      "waiting, and frees in smaller batches where there is none",
  },
];

/** TASK-PID [CPU] FLAGS SECONDS: EVENT */
const EVENT_LINE = /^\s*.+-(\d+)\s+\[\d+\]\s+(\S+)\s+(\d+)\.(\d{6}): (.*)$/;
const COUNTS_LINE = /entries-in-buffer\/entries-written: (\d+)\/(\d+)/;
const KMEM_LINE =
  /^(kmalloc|kmalloc_node|kmem_cache_alloc|kmem_cache_alloc_node|mm_page_alloc): /;
/** Flags: irqs off, need-resched, hard or soft interrupt, preemption. */
const CONTEXT_AT = 2;

/** Reads a trace; undefined when entries of it were lost, or it has no head. */
export function parseTrace(
  lines: readonly string[],
): TraceEvent[] | undefined {
  const counts = COUNTS_LINE.exec(lines.find((one) => COUNTS_LINE.test(one))!);
  if (counts === null || counts[1] !== counts[2]) return undefined;
  const events: TraceEvent[] = [];
  // A stack follows the event of its thread, maybe after one of another CPU.
  const latest = new Map<number, TraceEvent>();
  let stack: string[] | undefined;
  for (const line of lines) {
    const match = EVENT_LINE.exec(line);
    if (match === null) {
      if (line.startsWith(" => ")) stack?.push(line.slice(4).trim());
      continue;
    }
    const tid = Number(match[1]);
    const text = match[5]!;
    if (text.startsWith("<stack trace>")) {
      stack = latest.get(tid)?.stack;
      continue;
    }
    stack = undefined;
    const event = {
      atUs: Number(match[3]) * 1e6 + Number(match[4]),
      tid,
      inInterrupt: /[hHsSzZ]/.test(match[2]![CONTEXT_AT] ?? ""),
      text,
      stack: [] as string[],
    };
    events.push(event);
    latest.set(tid, event);
  }
  return events;
}

export function isAllocation({ text, inInterrupt }: TraceEvent): boolean {
  return !inInterrupt && KMEM_LINE.test(text);
}

/** The excuse that an allocation has, if any. */
export function excuseOf({ stack }: TraceEvent): Excuse | undefined {
  return EXCUSES.find(({ through }) =>
    through.every((name) => stack.includes(name))
  );
}

const FAULT_LINE = /^page_fault_user: address=0x([0-9a-f]+)/;

/** The fault that an allocation is for, if it is for one: the last that its
 * thread had, and the mapping that holds the address. */
function faultOf(
  event: TraceEvent,
  events: readonly TraceEvent[],
  maps: readonly string[],
): string {
  if (!event.stack.includes("exc_page_fault")) return "";
  const fault = events.findLast((one) =>
    one.tid === event.tid && one.atUs <= event.atUs && FAULT_LINE.test(one.text)
  );
  if (fault === undefined) return "";
  const hex = FAULT_LINE.exec(fault.text)![1]!;
  const at = BigInt(`0x${hex}`);
  const mapping = maps.find((line) => {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    return range !== null && at >= BigInt(`0x${range[1]}`) &&
      at < BigInt(`0x${range[2]}`);
  });
  return ` for ${hex} in ${mapping?.replaceAll(/ +/g, " ") ?? "no mapping"}`;
}

/** One allocation in words: what, and the way there from the system call. */
export function describeAllocation(event: TraceEvent): string {
  const what = event.text.split(/[: ]/, 1)[0];
  const way = event.stack.filter((name) =>
    !name.startsWith("trace_event_raw_") && name !== "do_syscall_64" &&
    name !== "entry_SYSCALL_64_after_hwframe"
  );
  return `thread ${event.tid}: ${what} in ${way.reverse().join(" > ")}`;
}

/** The full clock of a wrapped one that was read shortly before `nearUs`. */
export function unwrap(wrappedUs: number, nearUs: number): number {
  return nearUs - ((nearUs - wrappedUs) % 2 ** 32 + 2 ** 32) % 2 ** 32;
}

/** The time in which nothing may be allocated: alarm to death of the culprit;
 * undefined where one of them did not come. */
export function windowOf(
  run: Run,
): { fromUs: number; toUs: number } | undefined {
  const death = run.procs.find(({ culprit }) => culprit)?.death;
  if (!death?.alarmUs) return undefined;
  return { fromUs: unwrap(death.alarmUs, death.atUs), toUs: death.atUs };
}

export interface Allocations {
  /** Empty: the proof holds. Else what is wrong, a sentence each. */
  failures: string[];
  excused: TraceEvent[];
  others: TraceEvent[];
  windowMs: number;
}

/** Judges what was allocated in a scene's worst moment. */
export function judgeAllocations(run: Run): Allocations {
  const result: Allocations = {
    failures: [],
    excused: [],
    others: [],
    windowMs: 0,
  };
  const { tracing } = run;
  const { failures } = result;
  const events = parseTrace(run.trace);
  const window = windowOf(run);
  if (tracing === undefined || tracing.events < 3 || tracing.threads < 3) {
    failures.push(`the kernel records ${tracing?.events ?? 0} kinds of events`);
  }
  if (events === undefined) failures.push("the trace is not complete");
  if (window === undefined) failures.push("no alarm before a death");
  if (events === undefined || window === undefined) return result;
  result.windowMs = (window.toUs - window.fromUs) / 1000;
  // The guard's own signal is in the window, or the window is not the right one.
  const signalled = events.some((one) =>
    one.text.startsWith("signal_generate: sig=9") && isWithin(one, window)
  );
  if (!signalled) failures.push("no signal between alarm and death");
  for (const event of events) {
    if (!isWithin(event, window) || !isAllocation(event)) continue;
    if (excuseOf(event) === undefined) result.others.push(event);
    else result.excused.push(event);
  }
  failures.push(
    ...new Set(
      result.others.map((one) =>
        describeAllocation(one) + faultOf(one, events, run.maps)
      ),
    ),
  );
  return result;
}

function isWithin(
  { atUs }: TraceEvent,
  window: { fromUs: number; toUs: number },
): boolean {
  return atUs >= window.fromUs && atUs <= window.toUs;
}

/** How long the guard's turns were, us, in rising order: from the return of one
 * wait to the beginning of the next, on its main thread. */
export function turnsOf(run: Run): number[] {
  const turns: number[] = [];
  let wokeUs = 0;
  for (const { atUs, tid, text } of parseTrace(run.trace) ?? []) {
    if (tid !== run.tracing?.guardPid) continue;
    if (text.startsWith("sys_epoll_wait -> ")) wokeUs = atUs;
    else if (text.startsWith("sys_epoll_wait(") && wokeUs > 0) {
      turns.push(atUs - wokeUs);
    }
  }
  return turns.sort((a, b) => a - b);
}

/** The value that a share of all is not above; of none, NaN. */
export function quantile(sorted: readonly number[], permille: number): number {
  const at = Math.ceil(sorted.length * permille / 1000) - 1;
  return sorted[Math.max(at, 0)] ?? NaN;
}
