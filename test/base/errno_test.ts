// Names of errno values agree with the C library's, by way of Node.

import assert from "node:assert/strict";
import { getSystemErrorMap } from "node:util";
import { errnoName } from "../../src/base/errno.ts";

Deno.test("errnoName agrees with the system's table", () => {
  let named = 0;
  for (const [errno, [name]] of getSystemErrorMap()) {
    const ours = errnoName(errno);
    if (ours.startsWith("errno ")) continue;
    // Two names of one number; Node has the other.
    if (ours === "EOPNOTSUPP" && name === "ENOTSUP") continue;
    assert.equal(ours, name, String(errno));
    named++;
  }
  assert.ok(named > 40, `${named} names compared`);
  assert.equal(errnoName(2), "ENOENT");
  assert.equal(errnoName(-999), "errno 999");
  assert.equal(errnoName(0), "errno 0");
});
