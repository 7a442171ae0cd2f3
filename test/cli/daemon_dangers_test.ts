// What the runtime and the surroundings can do to a daemon: streams that are
// closed or full, a state folder that is full, read-only or gone, errors that
// nobody catches. In each case the guard goes on: a hog dies by its hand.

import assert from "node:assert/strict";
import {
  real,
  type Stage,
  type StagePlan,
  withGetprop,
  withStage,
} from "../faults/stage.ts";
import { until } from "./live/daemon.ts";

const ENOSPC = 28;
const PLANTED = new URL("live/planted_main.ts", import.meta.url).pathname;

/** Whether a mount namespace of our own may be had, or why not. */
async function whyNoMounts(): Promise<string> {
  try {
    const probe = ["-m", "mount", "-t", "tmpfs", "none", "/mnt"];
    const { code, stderr } = await new Deno.Command("unshare", { args: probe })
      .output();
    return code === 0 ? "" : new TextDecoder().decode(stderr).trim();
  } catch {
    return "there is no unshare";
  }
}

/** A test of a guard that starts so; `play` does its worst, then a hog comes. */
function danger(
  name: string,
  plan: StagePlan,
  play: (stage: Stage) => Promise<void> | void = () => {},
  why = "",
): void {
  const note = why === "" ? real.because : ` [${why}]`;
  Deno.test({
    name: name + note,
    ignore: real.ignore || why !== "",
    fn: () =>
      withStage(plan, async (stage) => {
        await play(stage);
        await stage.hog();
      }),
  });
}

/** A shell that does `script` and becomes the guard, with its streams as told. */
function shell(script: string): StagePlan {
  return {
    launcher: (dir) => [
      ...["bash", "-c", script.replaceAll("DIR", dir), "guard"],
    ],
  };
}

danger("standard streams closed", shell('exec "$@" <&- >&- 2>&-'));

danger(
  "stderr is a full pipe that nobody reads",
  shell(
    'mkfifo DIR/full; exec 3<>DIR/full; head -c 65536 /dev/zero >&3; exec "$@" 2>&3',
  ),
);

danger(
  "stderr is a pipe whose reader is gone",
  shell('exec "$@" 2> >(exec true)'),
);

danger("the log's sink is not there", {
  args: () => ["--log", "logd"],
}, ({ daemon }) => assert.equal(daemon.log, ""));

/** The guard's folder is `state` in the test's own, seen by the guard alone. */
function mounted(options: string): StagePlan {
  const mount = `mount -t tmpfs -o ${options} none DIR/state`;
  return {
    launcher: (dir) => [
      ...["unshare", "-m", "bash", "-c"],
      `mkdir DIR/state; ${mount}; exec "$@"`.replaceAll("DIR", dir),
      "guard",
    ],
    args: (dir) => ["--state", `${dir}/state`],
  };
}

const noMounts = await whyNoMounts();

danger(
  "state folder full",
  mounted("size=16k"),
  async ({ daemon }) => {
    await daemon.said("ENOSPC");
    assert.match(daemon.log, /Cannot keep .*journal": ENOSPC/);
  },
  noMounts,
);

danger(
  "state folder read-only",
  mounted("ro"),
  async ({ daemon }) => {
    await daemon.said("EROFS, ignoring");
    assert.match(daemon.log, /Cannot open .*: EROFS, ignoring/);
  },
  noMounts,
);

const ownState: StagePlan = { args: (dir) => ["--state", `${dir}/state`] };

danger("state folder deleted while it runs", ownState, async ({ daemon }) => {
  await daemon.said(" guards ");
  // At once: it still makes files in it.
  await Deno.rename(`${daemon.dir}/state`, `${daemon.dir}/gone`);
  await Deno.remove(`${daemon.dir}/gone`, { recursive: true });
});

danger("journal deleted, status cut short", {}, async ({ daemon }) => {
  await daemon.ready();
  await Deno.remove(`${daemon.dir}/journal`);
  await Deno.truncate(`${daemon.dir}/status`, 0);
  await until("a further status", () => daemon.field("turns"));
});

danger("journal cut short", {}, async ({ daemon }) => {
  await daemon.ready();
  await Deno.truncate(`${daemon.dir}/journal`, 0);
});

danger("disk full while it runs", {}, async (stage) => {
  const { daemon, knobs } = stage;
  await daemon.ready();
  knobs.set({ calls: ["pwrite"], error: ENOSPC });
  await stage.hog();
  await daemon.said("persist failed: ENOSPC");
  knobs.clear();
  // What the disk did not take then, it takes now.
  const kills = async () =>
    (await daemon.command("kills", "--state", daemon.dir, "--json")).said;
  const start = performance.now();
  while (!/"reason"/.test(await kills())) {
    assert.ok(performance.now() - start < 20_000, "no kill in the file");
  }
});

danger("errors that nobody catches", { main: PLANTED }, async ({ daemon }) => {
  daemon.signal("SIGHUP");
  await daemon.said("Unhandled rejection: planted rejection, going on");
  await daemon.said("Uncaught error: planted error, going on");
  await daemon.said("configuration reloaded");
  await daemon.said("runtime failed: ");
});

Deno.test({
  name: `an errand that never ends${real.because}`,
  ignore: real.ignore,
  fn: () =>
    withGetprop((plan, bin) =>
      withStage(plan, async (stage) => {
        await stage.daemon.ready();
        Deno.writeTextFileSync(`${bin}/flag`, "");
        stage.daemon.signal("SIGHUP");
        await stage.hog();
      })
    ),
});
