// Builds the disk of a peer out of Debian packages into .cache/qemu: a tree that
// is its root. Named by a hash of all it is made of, so it is built again
// exactly when that changes, and rows with one content share one disk.

import { buildInto, CACHE, DEBS, packExt4, prune } from "../../qemu/image.ts";
import {
  type Deb,
  fetchDeb,
  isFile,
  resolveDebs,
  run,
  sha256,
} from "../../qemu/host.ts";
import type { DiskContent } from "./row.ts";

/** Raised when the way a disk is put together changes. */
const RECIPE = "1";

/** More than all rows of one bench. */
const KEEP_COUNT = 24;

/** What a tree is given whatever its packages hold: mount points. */
const FOLDERS = "base dev etc load proc root run sys tmp var".split(" ");

/** Where Debian's packages put what a merged tree has below usr. */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/** Nothing that runs reads these. */
const UNREAD = ["doc", "man", "locale", "lintian", "i18n"];

/** Path of the peer's disk; builds it or finds it built. */
export async function buildPeerDisk(content: DiskContent): Promise<string> {
  const debs = await resolveDebs([...content.packages]);
  const folder = `${CACHE}/peer-${await hashInputs(content, debs)}`;
  const diskPath = `${folder}/guard.ext4`;
  if (isFile(diskPath)) return diskPath;
  console.error(`qemu: building the disk of ${content.packages[0]}`);
  await buildInto(folder, async (work) => {
    const tree = `${work}/tree`;
    Deno.mkdirSync(tree);
    for (const deb of debs) {
      await run("dpkg-deb", ["-x", await fetchDeb(deb, DEBS), tree]);
    }
    await mergeUsr(tree);
    fill(tree, content);
    await compilePython(tree);
    await packExt4(tree, `${work}/guard.ext4`);
    Deno.removeSync(tree, { recursive: true });
  });
  prune("peer-", KEEP_COUNT);
  return diskPath;
}

/** Debian's earlyoom, for this machine. */
export async function fetchEarlyoom(): Promise<string> {
  const [deb] = await resolveDebs(["earlyoom"]);
  const tree = `${CACHE}/earlyoom`;
  await run("dpkg-deb", ["-x", await fetchDeb(deb!, DEBS), tree]);
  return `${tree}/usr/bin/earlyoom`;
}

async function hashInputs(content: DiskContent, debs: Deb[]): Promise<string> {
  const parts = [RECIPE, JSON.stringify(content)];
  for (const deb of debs) parts.push(`${deb.fileName} ${deb.hash}`);
  for (const path of Object.values(content.copies ?? {})) {
    parts.push(await sha256(Deno.readFileSync(path)));
  }
  const bytes = new TextEncoder().encode(parts.join("\0"));
  return (await sha256(bytes)).slice(0, 16);
}

/** Packages of Debian 12 still have both; installed, they are one. */
async function mergeUsr(tree: string): Promise<void> {
  for (const name of MERGED) {
    Deno.mkdirSync(`${tree}/usr/${name}`, { recursive: true });
    const apart = `${tree}/${name}`;
    if (isFolder(apart)) {
      await run("cp", ["-a", `${apart}/.`, `${tree}/usr/${name}/`]);
      Deno.removeSync(apart, { recursive: true });
    }
    Deno.symlinkSync(`usr/${name}`, apart);
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function fill(tree: string, content: DiskContent): void {
  const { texts, values, copies, without } = content;
  for (const name of UNREAD) {
    const path = `${tree}/usr/share/${name}`;
    if (isFolder(path)) Deno.removeSync(path, { recursive: true });
  }
  for (const path of without ?? []) {
    Deno.removeSync(tree + path, { recursive: true });
  }
  for (const name of FOLDERS) {
    Deno.mkdirSync(`${tree}/${name}`, { recursive: true });
  }
  for (const [path, wanted] of Object.entries(values ?? {})) {
    const text = Deno.readTextFileSync(tree + path);
    Deno.writeTextFileSync(tree + path, setValues(path, text, wanted));
  }
  for (const [path, text] of Object.entries(texts ?? {})) {
    makeRoom(tree + path);
    Deno.writeTextFileSync(tree + path, text);
  }
  for (const [path, from] of Object.entries(copies ?? {})) {
    makeRoom(tree + path);
    Deno.copyFileSync(from, tree + path);
    Deno.chmodSync(tree + path, 0o755);
  }
}

function makeRoom(path: string): void {
  Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
}

/** Sets values in the text of a `key = value` file; throws where a key is not
 * there exactly once, as the file is then not the one that was meant. */
export function setValues(
  path: string,
  text: string,
  wanted: Readonly<Record<string, string>>,
): string {
  const lines = text.split("\n");
  for (const [key, value] of Object.entries(wanted)) {
    const at = lines.flatMap((line, index) =>
      line.split("=")[0]!.trim() === key && line.includes("=") ? [index] : []
    );
    if (at.length !== 1) {
      throw new SyntaxError(
        `Cannot set ${key} in "${path}": it is there ${at.length} times`,
      );
    }
    lines[at[0]!] = `${key} = ${value}`;
  }
  return lines.join("\n");
}

/** What the packages do when they are installed: the library's bytecode, which
 * a read-only disk could not take later. */
async function compilePython(tree: string): Promise<void> {
  const python = `${tree}/usr/bin/python3.11`;
  if (!isFile(python)) return;
  const library = `${tree}/usr/lib/x86_64-linux-gnu`;
  await run("env", [
    `PYTHONHOME=${tree}/usr`,
    `${tree}/usr/lib64/ld-linux-x86-64.so.2`,
    ...["--library-path", library, python, "-m", "compileall", "-q"],
    // The path that a traceback would name, not this machine's.
    ...["-s", tree, "-x", "lib2to3/tests", `${tree}/usr/lib/python3.11`],
  ]);
}
