// The drill as a user runs it: from source, in a real memory group where this
// machine lets one be made; simulated, as asked or because there is no group;
// refused; and stopped half way.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chooseLimitKb } from "../../src/cli/drill.ts";
import { groups } from "./live/app.ts";
import { readTrees } from "../../src/cli/drill_trees.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const real = await groups(131_072);

function drill(...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN, "drill", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Groups and folders of the drill with this pid that are still there. */
function remains(pid: number): string[] {
  const { v1, v2 } = readTrees().trees;
  const places = [v1?.path, v2?.path, "/tmp", "/run", "/dev/shm"];
  return places
    .map((place) => `${place}/oomguard-drill-${pid}`)
    .filter((path) => {
      try {
        Deno.statSync(path);
        return true;
      } catch {
        return false;
      }
    });
}

async function run(...args: string[]) {
  const child = drill(...args).spawn();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return {
    pid: child.pid,
    code,
    out: text.decode(stdout),
    err: text.decode(stderr),
  };
}

Deno.test({
  name: `drill: the hog dies, nobody else, nothing stays${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    const { pid, code, out, err } = await run(
      ...["--json", "--limit-mb", "256", "--rate-mb", "64"],
    );
    const object = JSON.parse(out);
    assert.deepEqual(object.failures, [], err);
    assert.equal(code, 0);
    assert.equal(object.verdict, "pass");
    assert.equal(object.mode, "real");
    assert.equal(object.kernelOomKills, 0);
    assert.deepEqual(
      object.deaths.map((one: { pid: number }) => one.pid),
      [object.hogPid],
    );
    assert.ok(object.thresholdToSignalMs >= 0);
    assert.ok(object.signalToBackMs > 0);
    assert.ok(object.heartBusy.beats > 100);
    assert.ok(object.guard.rssKb > object.guard.anonKb);
    assert.deepEqual(remains(pid), []);
  },
});

Deno.test({
  name: `drill: stopped by SIGTERM, leaves nothing${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    const child = drill().spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream());
    for await (const text of reader) {
      if (text.includes("registered")) child.kill("SIGTERM");
    }
    const { code } = await child.status;
    const err = await new Response(child.stderr).text();
    assert.equal(code, 1);
    assert.match(err, /^Stopped by SIGTERM/);
    assert.deepEqual(remains(child.pid), []);
  },
});

/** Processes whose command line or name tells of the drill with this pid. */
function alive(pid: number): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      const group = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2];
      const ofDrill = line.includes(`oomguard-drill-${pid}`);
      if (ofDrill || group === String(pid)) found.push(name);
    } catch {
      // It is gone.
    }
  }
  return found;
}

Deno.test({
  name: `drill: Ctrl-C while the hog grows, nothing stays${real.because}`,
  ignore: real.ignore,
  fn: async () => {
    // A terminal's Ctrl-C reaches the whole process group: cast and guard too.
    const args = ["--limit-mb", "256", "--rate-mb", "16"];
    const child = new Deno.Command("setsid", {
      args: [Deno.execPath(), "run", "-A", MAIN, "drill", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const errors = new Response(child.stderr).text();
    const said = child.stdout.pipeThrough(new TextDecoderStream());
    let out = "";
    for await (const text of said) {
      const before = out.includes("the hog grows");
      out += text;
      if (before || !out.includes("the hog grows")) continue;
      assert.ok(alive(child.pid).length > 7, out);
      Deno.kill(-child.pid, "SIGINT");
    }
    const { code } = await child.status;
    assert.equal(code, 1, out);
    assert.equal(await errors, "Stopped by SIGINT; the drill proves nothing\n");
    assert.ok(!out.includes("Scorecard"), out);
    assert.deepEqual(alive(child.pid), []);
    assert.deepEqual(remains(child.pid), []);
  },
});

/** Runs a drill after a command that changes the mounts of its own namespace. */
async function drillBehind(prepare: string) {
  const drill = [Deno.execPath(), "run", "-A", MAIN, "drill", "--json"];
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["-m", "sh", "-c", `${prepare} && exec "$@"`, "sh", ...drill],
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

async function unshares(): Promise<boolean> {
  try {
    const args = ["-m", "true"];
    const tried = new Deno.Command("unshare", { args, stderr: "null" });
    return (await tried.output()).success;
  } catch {
    return false;
  }
}

const hides = await unshares();

Deno.test({
  name: `drill: simulated where no group may be made${
    hides ? real.because : " [no mounts of its own]"
  }`,
  ignore: real.ignore || !hides,
  fn: async () => {
    const { trees } = readTrees();
    const paths = [trees.v1, trees.v2].flatMap((tree) => tree?.path ?? []);
    const all = paths.map((path) => `mount -o remount,bind,ro "${path}"`);
    const rows: [what: string, prepare: string, why: RegExp][] = [
      [
        "nothing mounted",
        "umount -R /sys/fs/cgroup",
        /^no memory group: no memory groups are mounted$/,
      ],
      ["read only", all.join(" && "), /^no memory group: .*EROFS/],
    ];
    for (const [what, prepare, why] of rows) {
      const { code, out, err } = await drillBehind(prepare);
      assert.equal(code, 0, `${what}: ${err}`);
      const object = JSON.parse(out);
      assert.equal(object.mode, "simulated", what);
      assert.equal(object.verdict, "pass", what);
      assert.match(object.why, why);
      const told = (one: { text: string }) =>
        one.text === `${object.why}; simulating`;
      assert.ok(object.timeline.some(told), what);
    }
  },
});

Deno.test("drill: simulated, it proves the policy and says so", async () => {
  const { code, out } = await run("--simulate");
  assert.equal(code, 0, out);
  assert.match(out, /PASS \(in a simulation\)/);
  for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
  const json = await run("--simulate", "--json");
  const object = JSON.parse(json.out);
  assert.equal(object.mode, "simulated");
  assert.equal(object.verdict, "pass");
});

Deno.test("drill: bad options are refused, help is not", async () => {
  const check = async (args: string[], want: number, words: RegExp) => {
    const { code, out, err } = await run(...args);
    assert.equal(code, want, args.join(" "));
    assert.match(want === 0 ? out : err, words);
  };
  await check(["--help"], 0, /^Usage: oomguard drill/);
  await check(["--limit-mb", "0"], 2, /expected a whole number of MB/);
  await check(["--limit-mb", "999999"], 2, /a quarter of the available memory/);
  await check(["--nope"], 2, /--nope/);
  await check(["now"], 2, /now/);
});

Deno.test("chooseLimitKb: a quarter at most, 128 MB at least", () => {
  const GB = 1_048_576;
  assert.equal(chooseLimitKb(8 * GB, null), 393_216);
  assert.equal(chooseLimitKb(GB, null), 262_144);
  assert.equal(chooseLimitKb(GB, 200), 204_800);
  assert.match(String(chooseLimitKb(GB / 4, null)), /needs 128 MB/);
  for (const askedMb of [1, 127, 257, 999_999]) {
    assert.throws(() => chooseLimitKb(GB, askedMb), TypeError);
  }
});
