// vmpressure of a memory group of version 1: a child that fills its group with
// file cache makes the kernel tell, and nobody reads the eventfds.

import assert from "node:assert/strict";
import { armVmpressure } from "../../src/shim/ladder.ts";
import { memcgMounts } from "../../src/shim/sensors.ts";
import { EVENT_VMPRESSURE, MB_EVENTS } from "../../src/state/layout.ts";
import {
  type Checks,
  shim,
  type Skip,
  waitUntil,
  withChild,
} from "./attached.ts";

/** Waits for events until `count` low ones have come; answers all by level. */
function levels(count: number): number[] {
  const { arena } = shim();
  const seen = [0, 0, 0];
  waitUntil(20_000, () => {
    for (let i = 0; i < arena.mailbox[MB_EVENTS]; i++) {
      const tag = arena.events[i * 4];
      assert.equal(tag >> 24, EVENT_VMPRESSURE);
      seen[tag & 0xff]++;
    }
    arena.mailbox[MB_EVENTS] = 0;
    return seen[0] >= count;
  });
  return seen;
}

export const VMPRESSURE: Checks = {
  "vmpressure: refused where there is no such group": () => {
    const rows = [
      ["", "vmpressure: memory groups are not version 1"],
      ["/nowhere", "/nowhere/memory.pressure_level: ENOENT"],
      ["/proc", "/proc/memory.pressure_level: ENOENT"],
    ];
    for (const [root, want] of rows) {
      const { fds, why } = armVmpressure(shim(), root);
      assert.deepEqual(fds, []);
      assert.equal(why, want);
    }
  },

  "vmpressure: each time is an event of its own": async (): Promise<Skip> => {
    const { v1 } = memcgMounts();
    const root = `${v1}/oomguard-vmpressure-${Deno.pid}`;
    try {
      if (v1 === "") throw new Error("no memory groups of version 1");
      Deno.mkdirSync(root);
    } catch (cause) {
      return { skip: (cause as Error).message };
    }
    const file = Deno.makeTempFileSync({ prefix: "oomguard-vmpressure-" });
    try {
      const limit = `${root}/memory.limit_in_bytes`;
      Deno.writeTextFileSync(limit, `${16 * 1_048_576}`);
      const armed = armVmpressure(shim(), root);
      assert.equal(armed.why, "");
      assert.equal(armed.fds.length, 3);
      assert.equal(new Set(armed.fds).size, 3);
      // The group reclaims what it wrote before, over and over.
      const script = 'echo $$ > "$1/cgroup.procs"; while :; do ' +
        'dd if=/dev/zero of="$2" bs=64k count=1024 2>/dev/null; done';
      await withChild(script, [root, file], () => {
        const [low, medium, critical] = levels(3);
        assert.ok(low >= 3, `${low} low, ${medium}, ${critical}`);
      });
      for (const fd of armed.fds) shim().symbols.shut(fd);
    } finally {
      Deno.removeSync(file);
      removeGroup(root);
    }
  },
};

/** A group is empty a moment after its last process has died. */
function removeGroup(root: string): void {
  for (let tries = 0;; tries++) {
    try {
      return Deno.removeSync(root);
    } catch (cause) {
      if (tries === 20) throw cause;
      waitUntil(50, () => false);
    }
  }
}
