// The C parts on this machine, without a device: the runner and a server that
// stands in for the guard, built with the flags of the image into a folder
// that goes with the test.

import { isFile, run } from "./host.ts";
import { LOAD_FLAGS } from "./image.ts";

const HERE = import.meta.dirname!;
const LIBC = "/usr/lib/x86_64-linux-gnu/libc.a";

/** Why the C parts cannot be built here, or undefined if they can. */
export function whyNoNative(): string | undefined {
  if (Deno.build.os !== "linux") return "Linux only";
  if (!isFile("/usr/bin/gcc")) return "no gcc";
  return isFile(LIBC) ? undefined : `no ${LIBC}: the runner is static`;
}

export interface Native {
  folder: string;
  loadPath: string;
  fakePath: string;
}

/** Builds both; the caller removes the folder. */
export async function buildNative(): Promise<Native> {
  const folder = Deno.makeTempDirSync({ prefix: "oomguard-load-" });
  const native = {
    folder,
    loadPath: `${folder}/load`,
    fakePath: `${folder}/lmkd`,
  };
  const sources = [...Deno.readDirSync(`${HERE}/load`)]
    .map(({ name }) => `${HERE}/load/${name}`)
    .filter((path) => path.endsWith(".c"));
  await run("gcc", [...LOAD_FLAGS, "-o", native.loadPath, ...sources.sort()]);
  const fake = `${HERE}/fake/lmkd.c`;
  await run("gcc", [...LOAD_FLAGS, "-o", native.fakePath, fake]);
  return native;
}

/** Builds both for one test. */
export async function withNative(
  test: (native: Native) => Promise<void>,
): Promise<void> {
  const native = await buildNative();
  try {
    await test(native);
  } finally {
    Deno.removeSync(native.folder, { recursive: true });
  }
}

export interface Talk {
  /** Packets the server got, in hexadecimal. */
  got: string[];
  /** Lines the other side printed. */
  said: string[];
  code: number;
}

/** Lets the client talk to a server that answers `count` packets with these. */
export async function talk(
  native: Native,
  clientWords: string[],
  count: number,
  answers: string[],
): Promise<Talk> {
  const path = `${native.folder}/socket`;
  const server = new Deno.Command(native.fakePath, {
    args: [path, `${count}`, ...answers],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = server.stdout.getReader();
  const decoder = new TextDecoder();
  // "listening" comes first: from then on the client may connect.
  let told = decoder.decode((await reader.read()).value);
  const client = await new Deno.Command(native.loadPath, {
    args: ["client", path, ...clientWords],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).output();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    told += decoder.decode(value);
  }
  await server.status;
  Deno.removeSync(path);
  return {
    got: told.trim().split("\n").slice(1),
    said: decoder.decode(client.stdout).trimEnd().split("\n"),
    code: client.code,
  };
}
