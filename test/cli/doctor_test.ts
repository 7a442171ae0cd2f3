// `oomguard doctor` of a guard that another process plays: what it reads, what
// it prints, how it exits. Which findings there are is in report/doctor_test.ts.

import assert from "node:assert/strict";
import { doctor } from "../../src/cli/doctor.ts";
import { EXIT_FAILED, EXIT_NO_GUARD } from "../../src/cli/exits.ts";
import { run, withFolder } from "./fake_guard.ts";

const STATUS = `state calm
dryRun           1
self             0
lockLevel  nothing
anonKb       15360
swappedKb        -
`;

Deno.test("doctor: words and JSON tell the same findings", () => {
  withFolder({ guard: "this", status: STATUS }, (dir) => {
    const words = run(doctor, "--state", dir);
    // A dry run without protection is never well.
    assert.equal(words.code, EXIT_FAILED, words.err);
    assert.match(words.out, /^grave +It is a dry run/m);
    const json = run(doctor, "--state", dir, "--json");
    assert.equal(json.code, EXIT_FAILED);
    const { version, status, kernel, findings } = JSON.parse(json.out);
    assert.equal(version, 1);
    assert.equal(status.lockLevel, "nothing");
    // This process's own, as the kernel has them.
    const caps = /^CapEff:\t0*([0-9a-f]+)$/m.exec(
      Deno.readTextFileSync("/proc/self/status"),
    )![1];
    assert.equal(kernel.capabilities, caps);
    const told = words.out.split("\n").filter((line) =>
      /^(grave|weak) /.test(line)
    );
    assert.equal(told.length, findings.length);
    const panics = Deno.readTextFileSync("/proc/sys/vm/panic_on_oom");
    assert.equal(kernel.panicOnOom, Number(panics));
  });
});

Deno.test("doctor: nobody to look at", () => {
  withFolder({ status: STATUS }, (dir) => {
    assert.equal(run(doctor, "--state", dir).code, EXIT_NO_GUARD);
  });
  withFolder({ guard: "this" }, (dir) => {
    const ran = run(doctor, "--state", dir);
    assert.equal(ran.code, EXIT_FAILED);
    assert.match(ran.err, /has written no/);
  });
});
