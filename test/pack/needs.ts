// What an executable or a library needs of the machine it runs on, as readelf
// (binutils) tells it, of any machine's files.

import assert from "node:assert/strict";
import { runOk } from "../../src/pack/run.ts";

/** Libraries it names, sorted. */
export async function librariesOf(path: string): Promise<string[]> {
  const { out } = await runOk("readelf", ["-dW", path]);
  const named = [...out.matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)];
  return named.map(([, name]) => name!).sort();
}

/** The oldest glibc that has all it asks for: the N of 2.N; and the symbols
 * that ask for that one, for a message. */
export async function glibcOf(
  path: string,
): Promise<{ oldest: number; text: string }> {
  const { out } = await runOk("readelf", ["-W", "--dyn-syms", path]);
  const asked = [...out.matchAll(/ UND (\S+@GLIBC_2\.(\d+))/g)];
  assert.ok(asked.length > 0, `${path} asks for nothing of glibc`);
  const minors = asked.map(([, , minor]) => Number(minor));
  const oldest = Math.max(...minors);
  const text = asked.filter((_, i) => minors[i] === oldest)
    .map(([, name]) => name).join("\n");
  return { oldest, text };
}
