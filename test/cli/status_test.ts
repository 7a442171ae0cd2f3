// `oomguard status`: a guard that runs, one that ended, one that never was.

import assert from "node:assert/strict";
import { EXIT_FAILED, EXIT_NO_GUARD, EXIT_OK } from "../../src/cli/exits.ts";
import { findGuard } from "../../src/cli/peek.ts";
import { status } from "../../src/cli/status.ts";
import { type Folder, run, withFolder } from "./fake_guard.ts";
import { withDir } from "./live/daemon.ts";
import { compile } from "./live/native.ts";

const STATUS = `state calm
strategy adaptive
dryRun           0
availableKb 524288
zramUsedKb       -
kills            0
guardPid      4321
`;

function check(folder: Folder, code: number, said: RegExp): void {
  withFolder(folder, (dir) => {
    const ran = run(status, "--state", dir);
    assert.equal(ran.code, code, ran.err);
    assert.match(code === EXIT_OK ? ran.out : ran.err, said);
    assert.equal(code === EXIT_OK ? ran.err : ran.out, "");
  });
}

Deno.test("nobody is guarding", async () => {
  const ended = new Deno.Command("true").spawn();
  await ended.status;
  const rows: [guard: string, said: RegExp][] = [
    ["", /^No guard is running: nobody is named in ".*\/guard"$/],
    ["1\n", /nobody is named/],
    ["-1 5\n", /nobody is named/],
    ["12 5", /nobody is named/],
    ["12 5 6\n", /nobody is named/],
    ["99999999999 5\n", /nobody is named/],
    ["../self 5\n", /nobody is named/],
    ["\0".repeat(64), /nobody is named/],
    ["999999999 5\n", /^No guard is running: process 999999999, named in /],
    ["0 5\n", /, has ended$/],
    [`${ended.pid} 5\n`, /, has ended$/],
  ];
  for (const [guard, said] of rows) {
    check({ guard, status: STATUS }, EXIT_NO_GUARD, said);
  }
  const gone = /^No guard is running: there is no ".*\/guard"; --state names /;
  check({ status: STATUS }, EXIT_NO_GUARD, gone);
  const blank = /^Guard \d+ runs, but has written no ".*\/status"$/;
  check({ guard: "this" }, EXIT_FAILED, blank);
  check({ guard: "this", status: "\n\n" }, EXIT_FAILED, blank);
  for (const dir of ["/nowhere/at/all", "/proc/self/status"]) {
    assert.equal(run(status, "--state", dir).code, EXIT_NO_GUARD);
  }
});

Deno.test("a process that got the pid of a guard that ended", async () => {
  const other = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    const guard = `${other.pid} 5\n`;
    check({ guard, status: STATUS }, EXIT_NO_GUARD, /, has ended$/);
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
});

Deno.test("a guard is found whoever locks and unlocks beside it", async () => {
  await withDir(async (dir) => {
    const locker = new Deno.Command(await compile(dir, "locker"), {
      args: [dir],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      await locker.stdout.getReader().read();
      withFolder({ guard: "this", status: STATUS }, (folder) => {
        for (let i = 0; i < 1_000; i++) {
          assert.equal(findGuard(folder).pid, Deno.pid);
        }
      });
    } finally {
      await locker.stdin.close();
      assert.equal((await locker.status).code, 0);
    }
  });
});

Deno.test("what is there and cannot be read", () => {
  withFolder({ guard: "this", status: STATUS }, (dir) => {
    Deno.removeSync(`${dir}/guard`);
    Deno.mkdirSync(`${dir}/guard`);
    const ran = run(status, "--state", dir);
    assert.equal(ran.code, EXIT_FAILED);
    assert.equal(ran.err, `Cannot read "${dir}/guard": not a regular file`);
  });
});

Deno.test("a guard that runs", () => {
  check(
    { guard: "this", status: STATUS },
    EXIT_OK,
    /^state +calm, process 4321\nstrategy +adaptive\n/,
  );
  withFolder({ guard: "this", status: STATUS }, (dir) => {
    const ran = run(status, `--state=${dir}`, "--json");
    assert.equal(ran.code, EXIT_OK);
    assert.deepEqual(JSON.parse(ran.out), {
      version: 1,
      state: "calm",
      strategy: "adaptive",
      dryRun: 0,
      availableKb: 524_288,
      zramUsedKb: null,
      kills: 0,
      guardPid: 4321,
    });
  });
});
