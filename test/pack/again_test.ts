// The same commit makes the same bytes: the executable is made anew, in another
// folder, and compared with itself and with what lies in dist/. Runs after the
// build.

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  makeBundle,
  makeProgram,
  readCommit,
  readVersion,
} from "../../src/pack/bundle.ts";
import { packEmbedded } from "../../src/pack/pack.ts";
import { runOk } from "../../src/pack/run.ts";
import { NATIVE } from "../../src/pack/target.ts";
import { buildKeeper, buildShim, sha256 } from "../../src/pack/toolchain.ts";
import { file, GUARD, noCarrier, ROOT, unbuilt, withFolder } from "./built.ts";

/** The executable made anew, from the sources in `root`. */
async function madeFrom(root: string, commit: string): Promise<string> {
  const shim = await buildShim(root, NATIVE);
  const keeper = await buildKeeper(root, NATIVE);
  const program = makeProgram(await makeBundle(root, "src/main.ts"), {
    version: await readVersion(root),
    commit,
    target: NATIVE,
    pack: "embed",
    shim: shim.bytes.toBase64(),
    keeper: keeper.bytes.toBase64(),
  });
  return sha256(await packEmbedded(root, program, NATIVE, () => {}));
}

async function copySources(folder: string): Promise<void> {
  for (const name of ["src", "ffi", "deno.json", "deno.lock"]) {
    await runOk("cp", ["-r", join(ROOT, name), folder]);
  }
}

const cannot = noCarrier();
file(
  "the same sources make the same bytes",
  cannot,
  () =>
    withFolder(async (folder) => {
      await copySources(folder);
      const once = await madeFrom(folder, "a commit");
      assert.equal(await madeFrom(ROOT, "a commit"), once);
    }),
);

/** Why the file in dist/ need not be what the work tree makes. */
async function whyOther(commit: string): Promise<string | undefined> {
  if (!/^[0-9a-f]+$/.test(commit)) return `not of a commit: ${commit}`;
  const { out } = await runOk(GUARD, ["--version"]);
  return out.includes(`(${commit}, ${NATIVE}, embed)`)
    ? undefined
    : `it is another: ${out.trim()}`;
}

const { name: commit } = await readCommit(ROOT);
const noneSuch = cannot ?? unbuilt(NATIVE) ?? await whyOther(commit);
file(
  "what is in dist/ is what the commit makes",
  noneSuch,
  () =>
    withFolder(async (folder) => {
      await copySources(folder);
      const built = sha256(await Deno.readFile(GUARD));
      assert.equal(await madeFrom(folder, commit), built);
    }),
);
