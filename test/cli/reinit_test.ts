// lmkd's own command line: what is asked, what each answer means, and a real
// SEQPACKET socket at the other end.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from "../../src/cli/exits.ts";
import { type Ask, bootCompleted, reinit } from "../../src/cli/reinit.ts";
import { withDir } from "../props/helpers.ts";

type Command = typeof reinit | typeof bootCompleted;

async function run(command: Command, args: string[], ask?: Ask) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await command(args, {
    log: (line) => out.push(line),
    error: (line) => err.push(line),
  }, ask);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

/** A guard that answers these words, or fails with a number. */
function answering(answer: number | number[], seen: string[] = []): Ask {
  return (path, bytes, count, timeoutMs) => {
    seen.push(new TextDecoder().decode(path), bytes.slice(0, count).toHex());
    assert.ok(bytes.length >= 64 && timeoutMs > 0);
    if (typeof answer === "number") return answer;
    const words = new DataView(bytes.buffer);
    answer.forEach((word, i) => words.setInt32(4 * i, word));
    return 4 * answer.length;
  };
}

Deno.test("each answer, and what it means", async () => {
  const rows: [Command, number | number[], code: number, said: RegExp][] = [
    [reinit, [], EXIT_FAILED, /^Cannot use the answer of "\/s": 0 bytes, /],
    [reinit, [7], EXIT_FAILED, /^Cannot use the answer of "\/s": 4 bytes, /],
    [reinit, [7, 0, 0], EXIT_FAILED, /: 12 bytes, expected command 7 and its/],
    [reinit, [10, 0], EXIT_FAILED, /^Cannot use the answer/],
    [reinit, -2, EXIT_FAILED, /^Cannot ask the guard at "\/s": ENOENT$/],
    [reinit, -110, EXIT_FAILED, /ETIMEDOUT$/],
    [reinit, -111, EXIT_FAILED, /ECONNREFUSED$/],
    [reinit, [7, -1], EXIT_FAILED, /refused --reinit: it failed \(-1\)$/],
    [reinit, [7, 1], EXIT_FAILED, /refused --reinit: it failed \(1\)$/],
    [reinit, [7, 0], EXIT_OK, /^The guard has read its properties again\.$/],
    [bootCompleted, [10, 1], EXIT_FAILED, /: it had been told already$/],
    [bootCompleted, [10, -1], EXIT_FAILED, /: the device has not booted$/],
    [bootCompleted, [10, 7], EXIT_FAILED, /: it failed \(7\)$/],
    [bootCompleted, [7, 0], EXIT_FAILED, /^Cannot use the answer/],
    [bootCompleted, [10, 0], EXIT_OK, /knows that the device has booted\.$/],
  ];
  for (const [command, answer, code, said] of rows) {
    const ran = await run(command, ["--socket", "/s"], answering(answer));
    const name = `${command.name} ${answer}`;
    assert.equal(ran.code, code, name);
    assert.match(code === EXIT_OK ? ran.out : ran.err, said, name);
    assert.equal(code === EXIT_OK ? ran.err : ran.out, "", name);
  }
});

Deno.test("one word is asked, of the socket that is named", async () => {
  const seen: string[] = [];
  await run(reinit, ["--socket=/a b"], answering([7, 0], seen));
  await run(bootCompleted, ["--socket=/c"], answering([10, 0], seen));
  assert.deepEqual(seen, ["/a b\0", "00000007", "/c\0", "0000000a"]);
  await run(reinit, [], answering([7, 0], seen));
  assert.match(
    seen[4],
    /^\/(dev\/socket|run\/oomguard|dev\/oomguard)\/lmkd\0$/,
  );
});

Deno.test("a command line that is wrong asks nobody", async () => {
  const nobody: Ask = () => assert.fail("asked");
  const rows: [string[], RegExp][] = [
    [["--what"], /--what/],
    [["extra"], /extra/],
    [["--socket"], /--socket/],
    [["--socket="], /^Cannot use --socket "": expected a path/],
  ];
  for (const [args, said] of rows) {
    for (const command of [reinit, bootCompleted]) {
      const { code, out, err } = await run(command, args, nobody);
      assert.equal(code, EXIT_USAGE, args.join());
      assert.match(err, said);
      assert.equal(out, "");
    }
  }
  for (const args of [["--help"], ["-h"]]) {
    for (const command of [reinit, bootCompleted]) {
      const { code, out } = await run(command, args, nobody);
      assert.equal(code, EXIT_OK);
      assert.match(
        out,
        /^Usage: oomguard --(reinit|boot_completed) \[OPTION\]/,
      );
      assert.match(out, /^Exit: 0 /m);
      for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
    }
  }
});

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const SERVER = fileURLToPath(new URL("./reinit_server.ts", import.meta.url));

/** Ends a server that may have ended by itself. */
async function end(server: Deno.ChildProcess): Promise<void> {
  try {
    server.kill("SIGKILL");
  } catch {
    // It has answered, and is gone.
  }
  await server.status;
}

Deno.test("through the program and a real socket", async () => {
  const rows: [
    flag: string,
    answer: string,
    asked: string,
    code: number,
    said: RegExp,
  ][] = [
    ["--reinit", "[7, 0]", "00000007", EXIT_OK, /has read its properties/],
    ["--reinit", "[7, -1]", "00000007", EXIT_FAILED, /it failed \(-1\)$/m],
    ["--boot_completed", "[10, 0]", "0000000a", EXIT_OK, /has booted\.$/m],
    ["--boot_completed", "[]", "0000000a", EXIT_FAILED, /: 0 bytes, /],
  ];
  await withDir(async (dir) => {
    for (const [i, [flag, answer, asked, code, said]] of rows.entries()) {
      const path = `${dir}/s${i}`;
      const server = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", SERVER, path, answer],
        stdout: "piped",
      }).spawn();
      const reader = server.stdout.pipeThrough(new TextDecoderStream())
        .getReader();
      try {
        assert.equal((await reader.read()).value, "listening\n");
        const ran = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", MAIN, flag, "--socket", path],
        }).output();
        // Before anything is waited for: who never asked ends no server.
        const words = new TextDecoder();
        const told = words.decode(ran.stdout) + words.decode(ran.stderr);
        assert.equal(ran.code, code, told);
        assert.match(told, said);
        let text = "";
        for (;;) {
          const { value } = await reader.read();
          if (value === undefined) break;
          text += value;
        }
        assert.equal(text, `${asked}\n`);
      } finally {
        await end(server);
        await reader.cancel();
      }
    }
    const gone = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", MAIN, "--reinit", "--socket", dir],
    }).output();
    assert.equal(gone.code, EXIT_FAILED);
    assert.match(new TextDecoder().decode(gone.stderr), /ECONNREFUSED$/m);
  });
});
