// Text of a process's own files as a simulated machine would show them.

import { ALIVE, EXITING, type SimProcess, ZOMBIE } from "./process.ts";
import type { Pen } from "./render.ts";

/** Clock ticks are this long, us (USER_HZ is 100). */
const TICK_US = 10_000;

/** A name as the kernel shows it (fs/proc/array.c, proc_task_name): a space or
 * a parenthesis stays. */
function escaped(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function parentOf({ plan }: SimProcess): number {
  return plan.kernel === true ? 2 : plan.parentPid ?? 1;
}

/** /proc/PID/status. */
export function writeStatus(pen: Pen, process: SimProcess): void {
  const hasMemory = process.plan.kernel !== true &&
    process.state !== ZOMBIE && process.state !== EXITING;
  pen.text("Name:\t").text(escaped(process.name)).text("\nUmask:\t0022\n")
    .text(process.state === ZOMBIE ? "State:\tZ (zombie)\n" : "")
    .text(process.state !== ZOMBIE ? "State:\tS (sleeping)\n" : "")
    .line("Tgid:\t", process.pid).text("Ngid:\t0\n")
    .line("Pid:\t", process.pid)
    .line("PPid:\t", parentOf(process))
    .text("TracerPid:\t0\n")
    .text("Uid:\t").number(process.uid).text("\t").number(process.uid)
    .text("\t").number(process.uid).line("\t", process.uid)
    .text("Gid:\t0\t0\t0\t0\nFDSize:\t64\nGroups:\t \n");
  if (hasMemory) {
    const { anonKb, swapKb } = process;
    const lockedKb = process.plan.locked === true ? anonKb : 0;
    pen.text("VmPeak:\t").kb("", anonKb + swapKb)
      .text("VmLck:\t").kb("", lockedKb)
      .text("VmRSS:\t").kb("", anonKb)
      .text("RssAnon:\t").kb("", anonKb)
      .text("RssFile:\t").kb("", 0)
      .text("RssShmem:\t").kb("", 0)
      .text("VmSwap:\t").kb("", swapKb);
  }
  const pending = process.killedUs >= 0 && process.state === ALIVE;
  pen.text("Threads:\t1\nSigQ:\t0/1\nSigPnd:\t0000000000000")
    .text(pending ? "100" : "000")
    .text("\nShdPnd:\t0000000000000000\nSigBlk:\t0000000000000000\n");
}

/** /proc/PID/stat: 52 fields, the second in parentheses and as hostile as the
 * name is (fs/proc/array.c, do_task_stat). */
export function writeStat(pen: Pen, process: SimProcess): void {
  const parent = parentOf(process);
  const hasMemory = process.state === ALIVE && process.plan.kernel !== true;
  const { anonKb } = process;
  const number = (value: number) => pen.text(" ").number(value);
  pen.number(process.pid).text(" (").text(escaped(process.name));
  pen.text(process.state === ZOMBIE ? ") Z" : ") S");
  number(parent);
  pen.text(" 0 0 0 -1 4194560");
  number(process.minorFaults);
  pen.text(" 0");
  number(process.majorFaults);
  pen.text(" 0 10 5 0 0 20 0 1 0");
  number(process.startedUs / TICK_US);
  number(hasMemory ? anonKb * 1024 : 0);
  number(hasMemory ? anonKb / 4 : 0);
  pen.text(" 18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0");
  pen.text(" 0 0 0 0 0 0 0 0\n");
}

/** memory.stat of the memory group, of version 1, that a process has to
 * itself: a group below it has nothing. */
export function writeOwnGroupStat(pen: Pen, process: SimProcess): void {
  for (const total of ["", "total_"]) {
    pen.line(`${total}cache `, 0)
      .line(`${total}rss `, Math.trunc(process.anonKb) * 1024)
      .line(`${total}swap `, Math.trunc(process.swapKb) * 1024)
      .line(`${total}pgfault `, process.minorFaults + process.majorFaults)
      .line(`${total}pgmajfault `, process.majorFaults);
  }
}
