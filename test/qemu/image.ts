// Builds what a device boots from, out of Debian packages, into .cache/qemu:
// kernel, initramfs with the modules, read-only root disk with the load
// generator, and a disk of its own for the guard, whose file pages then come
// and go as they do on a phone's system partition. Each is named by a hash of
// everything it is made of, so it is built again exactly when that changes.

import {
  type Deb,
  fetchDeb,
  installTools,
  isFile,
  resolveDebs,
  resolveKernel,
  run,
  sha256,
} from "./host.ts";

const HERE = import.meta.dirname!;
export const CACHE = `${HERE}/../../.cache/qemu`;
export const DEBS = `${CACHE}/debs`;

/** Raised when the way an image is put together changes. */
const RECIPE = "1";

/** Modules the device needs; those they depend on are found in them. */
const MODULES = ["virtio_pci", "virtio_blk", "zram", "lz4"];

/** What Deno's executable is linked against (ldd), and its loader. */
const LIBRARIES = /\/(ld-linux|lib(c|m|dl|rt|pthread|gcc_s))[-.][^/]*$/;

/** Code and data that all foreground work has mapped, like Android's framework:
 * the file pages that a machine in need throws out and fetches again. */
const FRAMEWORK_BYTES = 48 << 20;

/** The runner is static: the image needs no library for it. */
export const LOAD_FLAGS = "-static -O2 -Wall -Wextra -Wconversion -Werror"
  .split(" ");

const KEEP_COUNT = 3;

const BLOCK_BYTES = 4096;

export interface Image {
  kernelPath: string;
  initramfsPath: string;
  rootPath: string;
  /** The kernel's release, as uname -r will say. */
  release: string;
}

/** Builds the image, or finds it built. */
export async function buildImage(): Promise<Image> {
  await installTools();
  const kernelPackage = await resolveKernel();
  const packages = [kernelPackage, "busybox-static", "libc6", "libgcc-s1"];
  const debs = await resolveDebs(packages);
  const folder = `${CACHE}/base-${await hashInputs(debs)}`;
  const image = {
    kernelPath: `${folder}/vmlinuz`,
    initramfsPath: `${folder}/initramfs`,
    rootPath: `${folder}/root.ext4`,
    release: kernelPackage.replace("linux-image-", ""),
  };
  if (isFile(image.rootPath)) return image;
  console.error(`qemu: building the device image, kernel ${image.release}`);
  await buildInto(folder, async (work) => {
    const tree = `${work}/debs`;
    Deno.mkdirSync(tree);
    for (const deb of debs) {
      await run("dpkg-deb", ["-x", await fetchDeb(deb, DEBS), tree]);
    }
    Deno.copyFileSync(
      `${tree}/boot/vmlinuz-${image.release}`,
      `${work}/vmlinuz`,
    );
    await packInitramfs(tree, image.release, work);
    await packRoot(tree, work);
    Deno.removeSync(tree, { recursive: true });
  });
  prune("base-");
  return image;
}

/** Puts one executable on a read-only disk, by the name the scenes start. */
export async function buildGuardDisk(
  executablePath: string,
  name: string,
): Promise<string> {
  const bytes = Deno.readFileSync(executablePath);
  const folder = `${CACHE}/${name}-${(await sha256(bytes)).slice(0, 16)}`;
  const diskPath = `${folder}/guard.ext4`;
  if (isFile(diskPath)) return diskPath;
  await buildInto(folder, async (work) => {
    Deno.mkdirSync(`${work}/disk`);
    Deno.writeFileSync(`${work}/disk/${name}`, bytes, { mode: 0o755 });
    await packExt4(`${work}/disk`, `${work}/guard.ext4`);
    Deno.removeSync(`${work}/disk`, { recursive: true });
  });
  prune(`${name}-`);
  return diskPath;
}

async function hashInputs(debs: Deb[]): Promise<string> {
  const sources = [...listFiles(`${HERE}/guest`), ...listFiles(`${HERE}/load`)];
  const parts = [
    RECIPE,
    MODULES.join(),
    LIBRARIES.source,
    LOAD_FLAGS.join(),
    `${FRAMEWORK_BYTES}`,
  ];
  for (const deb of debs) parts.push(`${deb.fileName} ${deb.hash}`);
  for (const path of sources.sort()) parts.push(Deno.readTextFileSync(path));
  const bytes = new TextEncoder().encode(parts.join("\0"));
  return (await sha256(bytes)).slice(0, 16);
}

/** Builds beside the final folder, so a half-built one is never found. */
export async function buildInto(
  folder: string,
  build: (work: string) => Promise<void>,
): Promise<void> {
  Deno.mkdirSync(CACHE, { recursive: true });
  const work = Deno.makeTempDirSync({ dir: CACHE, prefix: "work-" });
  try {
    await build(work);
    // Another run may have been quicker; its result is the same.
    if (!exists(folder)) Deno.renameSync(work, folder);
  } finally {
    if (exists(work)) Deno.removeSync(work, { recursive: true });
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Keeps the newest few of a kind: a guard under development changes with every
 * build, and another run may be about to boot the one before. */
export function prune(prefix: string, keepCount = KEEP_COUNT): void {
  const found: { path: string; ms: number }[] = [];
  for (const { name } of Deno.readDirSync(CACHE)) {
    if (!name.startsWith(prefix)) continue;
    const path = `${CACHE}/${name}`;
    found.push({ path, ms: Deno.statSync(path).mtime?.getTime() ?? 0 });
  }
  found.sort((a, b) => b.ms - a.ms);
  for (const { path } of found.slice(keepCount)) {
    Deno.removeSync(path, { recursive: true });
  }
}

export function listFiles(folder: string): string[] {
  const paths: string[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) paths.push(...listFiles(path));
    else paths.push(path);
  }
  return paths;
}

async function packInitramfs(
  tree: string,
  release: string,
  work: string,
): Promise<void> {
  const root = `${work}/initramfs.d`;
  for (const name of ["bin", "dev", "root", "modules"]) {
    Deno.mkdirSync(`${root}/${name}`, { recursive: true });
  }
  Deno.copyFileSync(`${tree}/bin/busybox`, `${root}/bin/busybox`);
  const byName = new Map<string, string>();
  for (const path of listFiles(`${tree}/lib/modules/${release}/kernel`)) {
    if (!path.endsWith(".ko")) continue;
    byName.set(moduleName(path.split("/").pop()!.slice(0, -3)), path);
  }
  const order = orderModules(MODULES, (name) => {
    const path = byName.get(name);
    return path === undefined
      ? undefined
      : parseDepends(Deno.readFileSync(path));
  });
  for (const name of order) {
    Deno.copyFileSync(byName.get(name)!, `${root}/modules/${name}.ko`);
  }
  const orderText = order.map((name) => `${name}.ko\n`).join("");
  Deno.writeTextFileSync(`${root}/modules/order`, orderText);
  Deno.copyFileSync(`${HERE}/guest/initramfs.sh`, `${root}/init`);
  Deno.chmodSync(`${root}/init`, 0o755);
  const pack = "find . | cpio -o -H newc -R 0:0 --quiet > ../initramfs";
  await run("sh", ["-c", pack], root);
  Deno.removeSync(root, { recursive: true });
}

function moduleName(name: string): string {
  return name.replaceAll("-", "_");
}

/** Reads `depends=a,b` from a module's .modinfo; depmod is not needed then. */
export function parseDepends(module: Uint8Array): string[] {
  const text = new TextDecoder("latin1").decode(module);
  const match = /\0depends=([^\0]*)\0/.exec(text);
  if (match === null) return [];
  return match[1]!.split(",").filter((name) => name !== "").map(moduleName);
}

/** Orders modules so that each follows what it needs. A module that is not
 * there is built into the kernel. */
export function orderModules(
  wanted: string[],
  dependsOf: (name: string) => string[] | undefined,
): string[] {
  const order: string[] = [];
  const visit = (name: string) => {
    const depends = dependsOf(name);
    if (depends === undefined || order.includes(name)) return;
    for (const depend of depends) visit(depend);
    order.push(name);
  };
  for (const name of wanted) visit(name);
  return order;
}

async function packRoot(tree: string, work: string): Promise<void> {
  const root = `${work}/root.d`;
  const folders = "bin dev proc sys run guard load tmp lib64";
  for (const name of folders.split(" ")) {
    Deno.mkdirSync(`${root}/${name}`, { recursive: true });
  }
  Deno.copyFileSync(`${tree}/bin/busybox`, `${root}/bin/busybox`);
  const applets = await run(`${root}/bin/busybox`, ["--list"]);
  for (const applet of applets.trim().split("\n")) {
    if (applet === "busybox") continue;
    Deno.symlinkSync("busybox", `${root}/bin/${applet}`);
  }
  const libraryFolder = `${root}/lib/x86_64-linux-gnu`;
  Deno.mkdirSync(libraryFolder, { recursive: true });
  for (const path of listFiles(`${tree}/lib/x86_64-linux-gnu`)) {
    if (!LIBRARIES.test(path)) continue;
    Deno.copyFileSync(path, `${libraryFolder}/${path.split("/").pop()}`);
  }
  const loader = "ld-linux-x86-64.so.2";
  Deno.symlinkSync(
    `../lib/x86_64-linux-gnu/${loader}`,
    `${root}/lib64/${loader}`,
  );
  const sources = listFiles(`${HERE}/load`).filter((path) =>
    path.endsWith(".c")
  );
  await run("gcc", [
    ...LOAD_FLAGS,
    "-o",
    `${root}/load/load`,
    ...sources.sort(),
  ]);
  Deno.writeFileSync(`${root}/load/framework`, makeFramework());
  Deno.copyFileSync(`${HERE}/guest/init.sh`, `${root}/init`);
  Deno.chmodSync(`${root}/init`, 0o755);
  await packExt4(root, `${work}/root.ext4`);
  Deno.removeSync(root, { recursive: true });
}

/** A page stamp for each page: no page is a hole on the disk. */
function makeFramework(): Uint8Array {
  const words = new Uint32Array(FRAMEWORK_BYTES / 4);
  for (let index = 0; index < words.length; index += 1024) {
    words[index] = index + 1;
  }
  return new Uint8Array(words.buffer);
}

/** ext4 without journal: read-only, and its pages are page cache like any. */
export async function packExt4(
  folder: string,
  diskPath: string,
): Promise<void> {
  let bytes = 0;
  for (const path of listFiles(folder)) {
    bytes += Math.ceil(Deno.lstatSync(path).size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  const sizeMb = Math.ceil(bytes / 2 ** 20 * 1.1) + 8;
  const options = ["-q", "-t", "ext4", "-O", "^has_journal,^metadata_csum"];
  const asRoot = ["-E", "root_owner=0:0", "-m", "0", "-b", `${BLOCK_BYTES}`];
  await run("mke2fs", [
    ...options,
    ...asRoot,
    "-d",
    folder,
    diskPath,
    `${sizeMb}m`,
  ]);
}
