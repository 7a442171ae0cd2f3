// Turns the runner's JSON lines into one record of a scene. Lines that do not
// parse are counted, not fatal: a machine that runs out of memory may well cut
// its last line short.

import {
  type Death,
  emptyRun,
  type GuardSize,
  type Heart,
  type Run,
  type Sample,
  type Tracing,
  type Vmstat,
} from "./record.ts";

type Fields = Record<string, unknown>;

/** Collects the runner's lines. */
export function collect(lines: readonly string[]): Run {
  const run = emptyRun();
  for (const line of lines) {
    if (line.trim() === "") continue;
    const fields = parseFields(line);
    if (fields === undefined || !apply(run, fields)) run.badLineCount++;
  }
  return run;
}

function parseFields(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return undefined;
    return value as Fields;
  } catch {
    return undefined;
  }
}

function num(fields: Fields, key: string): number {
  const value = fields[key];
  return typeof value === "number" ? value : 0;
}

function text(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" ? value : "";
}

function apply(run: Run, fields: Fields): boolean {
  const atUs = num(fields, "t");
  switch (fields.e) {
    case "mem":
      run.samples.push(toSample(fields));
      return true;
    case "rss":
    case "spawn":
    case "death":
      return applyProc(run, fields);
    case "reply":
      run.replies.push({
        atUs,
        asked: num(fields, "asked"),
        command: num(fields, "command"),
        value: num(fields, "value"),
        bytes: num(fields, "bytes"),
      });
      return true;
    case "adj":
      run.placed.push({
        pid: num(fields, "pid"),
        want: num(fields, "want"),
        got: num(fields, "got"),
      });
      return true;
    case "trace":
      run.trace.push(text(fields, "line"));
      return true;
    case "maps":
      run.maps.push(text(fields, "line"));
      return true;
    case "journal":
      run.journal.push(toWords(text(fields, "hex")));
      return true;
    case "starved":
      run.starved.push({
        atUs,
        slab: num(fields, "slab"),
        pages: num(fields, "pages"),
      });
      return true;
    case "guard":
    case "client":
    case "kernel":
    case "note":
    case "status":
    case "before":
      run.remarks.push({ atUs, from: fields.e, line: text(fields, "line") });
      return true;
    default:
      return applyOnce(run, fields, atUs);
  }
}

function applyProc(run: Run, fields: Fields): boolean {
  const atUs = num(fields, "t");
  const pid = num(fields, "pid");
  const proc = run.procs.find((one) => one.pid === pid);
  if (fields.e === "spawn") {
    run.procs.push({
      pid,
      kind: text(fields, "kind"),
      name: text(fields, "name"),
      adj: num(fields, "adj"),
      uid: num(fields, "uid"),
      culprit: fields.culprit === true,
      spawnUs: atUs,
      sizes: [],
    });
    return true;
  }
  if (fields.e === "rss") {
    const rssKb = num(fields, "rss");
    proc?.sizes.push({ atUs, rssKb, swapKb: num(fields, "swap") });
    return proc !== undefined;
  }
  const signal = num(fields, "signal");
  const alarmUs = num(fields, "alarm");
  const death: Death = {
    atUs,
    signal,
    code: num(fields, "code"),
    ...(alarmUs !== 0 && { alarmUs }),
  };
  if (proc !== undefined) proc.death = death;
  else if (text(fields, "name") === "client") run.clientDeath = death;
  else run.guardDeath = death;
  return true;
}

/** Events that come once in a scene. */
function applyOnce(run: Run, fields: Fields, atUs: number): boolean {
  switch (fields.e) {
    case "ready":
      run.guardReadyMs = num(fields, "ms");
      run.guardHasSocket = fields.socket === true;
      return true;
    case "populated":
      run.populatedUs = fields.complete === true ? atUs : 0;
      return true;
    case "begin":
      run.beginUs = atUs;
      run.totalKb = num(fields, "totalKb");
      return true;
    case "end":
      run.endUs = atUs;
      run.isDecided = fields.decided === true;
      return true;
    case "grown":
      run.grownUs = atUs;
      return true;
    case "heart":
      run.heart = toHeart(fields);
      return true;
    case "guardBefore":
      run.guardBefore = toGuardSize(fields);
      return true;
    case "guardAfter":
      run.guardAfter = toGuardSize(fields);
      return true;
    case "strike":
      run.struck = {
        atUs,
        how: text(fields, "how"),
        nextPid: num(fields, "next"),
        isDone: fields.done === true,
      };
      return true;
    case "again":
      run.againUs = atUs;
      return true;
    case "tracing":
      run.tracing = toTracing(fields);
      return true;
    case "starving":
      run.starving = {
        threads: num(fields, "threads"),
        works: fields.works === true,
      };
      return true;
    case "blocked":
      run.blockedUs = num(fields, "us");
      return true;
    case "vmBefore":
      run.vmBefore = toVmstat(fields);
      return true;
    case "vmAfter":
      run.vmAfter = toVmstat(fields);
      return true;
    case "done":
      run.isDone = true;
      run.droppedCount = num(fields, "dropped");
      return true;
    default:
      return false;
  }
}

/** Little-endian words, as the guard writes its journal. */
function toWords(hex: string): Int32Array {
  const bytes = Uint8Array.fromHex(hex);
  return new Int32Array(bytes.buffer, 0, bytes.length >> 2);
}

function toTracing(fields: Fields): Tracing {
  return {
    guardPid: num(fields, "guard"),
    threads: num(fields, "threads"),
    keepers: num(fields, "keepers"),
    events: num(fields, "events"),
    hasTurns: fields.turns === true,
    hasSignals: fields.signals === true,
  };
}

function toSample(fields: Fields): Sample {
  return {
    atUs: num(fields, "t"),
    availKb: num(fields, "avail"),
    freeKb: num(fields, "free"),
    fileKb: num(fields, "file"),
    swapFreeKb: num(fields, "swap"),
    mlockedKb: num(fields, "mlocked"),
    someUs: num(fields, "some"),
    fullUs: num(fields, "full"),
    grownKb: num(fields, "grown"),
    lateUs: num(fields, "late"),
  };
}

function toHeart(fields: Fields): Heart {
  return {
    count: num(fields, "count"),
    p50Us: num(fields, "p50Us"),
    p99Us: num(fields, "p99Us"),
    maxUs: num(fields, "maxUs"),
  };
}

function toGuardSize(fields: Fields): GuardSize {
  return {
    rssKb: num(fields, "rss"),
    anonKb: num(fields, "anon"),
    swapKb: num(fields, "swap"),
    lockedKb: num(fields, "locked"),
    cpuMs: num(fields, "cpuMs"),
    cpuUs: num(fields, "cpuUs"),
    sleeps: num(fields, "sleeps"),
    keeperKb: num(fields, "keeperKb"),
  };
}

function toVmstat(fields: Fields): Vmstat {
  return {
    oomKill: num(fields, "oomKill"),
    swapInPages: num(fields, "swapInPages"),
    swapOutPages: num(fields, "swapOutPages"),
    majorFaults: num(fields, "majorFaults"),
    refaultFilePages: num(fields, "refaultFilePages"),
  };
}
