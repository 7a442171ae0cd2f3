// What the harness asks of the machine it runs on: commands, Debian packages,
// content hashes. Every failure says which command and what it printed.

/** Where mke2fs is, which a plain user's PATH leaves out. */
const PATH = `${Deno.env.get("PATH") ?? ""}:/usr/sbin:/sbin`;

/** Runs a command; answers its standard output, or throws with what it said. */
export async function run(
  command: string,
  args: string[],
  cwd?: string,
): Promise<string> {
  const output = await new Deno.Command(command, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (output.success) return decoder.decode(output.stdout);
  throw new Error(
    `Cannot run "${command} ${args.join(" ")}": exit ${output.code}\n` +
      decoder.decode(output.stderr),
  );
}

/** Whether there is such a command. */
export function hasCommand(name: string): boolean {
  return PATH.split(":").some((folder) => isFile(`${folder}/${name}`));
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}

/** Commands the harness needs, and the Debian package that has each. */
const COMMANDS: readonly (readonly [command: string, package_: string])[] = [
  ["qemu-system-x86_64", "qemu-system-x86"],
  ["mke2fs", "e2fsprogs"],
  ["cpio", "cpio"],
  ["gcc", "gcc"],
];

/** Why the device test cannot run on this machine, or undefined if it can. */
export function whyNoDevice(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") {
    return "the device image is built on x86-64 Linux only";
  }
  if (!hasCommand("apt-get") || !hasCommand("dpkg-deb")) {
    return "the device image is built from Debian packages: no apt-get here";
  }
  const missing = missingPackages();
  if (missing.length > 0 && Deno.uid() !== 0) {
    return `not root, and missing: apt-get install ${missing.join(" ")}`;
  }
  return undefined;
}

function missingPackages(): string[] {
  const missing = COMMANDS.filter(([command]) => !hasCommand(command));
  // The load generator is linked statically.
  const packages = missing.map(([, package_]) => package_);
  if (!isFile("/usr/lib/x86_64-linux-gnu/libc.a")) packages.push("libc6-dev");
  return packages;
}

/** Installs what is missing; whyNoDevice() has said that it may. */
export async function installTools(): Promise<void> {
  await installPackages(missingPackages());
}

/** Installs Debian packages; none is nothing to do. */
export async function installPackages(missing: string[]): Promise<void> {
  if (missing.length === 0) return;
  console.error(`qemu: installing ${missing.join(" ")}`);
  const install = ["install", "-y", "-q", "--no-install-recommends"];
  try {
    await run("apt-get", [...install, ...missing]);
  } catch {
    // Fresh machines have no package lists, old ones have stale lists.
    await run("apt-get", ["update", "-q"]);
    await run("apt-get", [...install, ...missing]);
  }
}

/** One Debian package file: its name holds the version, its hash the content. */
export interface Deb {
  package_: string;
  fileName: string;
  hash: string;
}

/** Parses `apt-get download --print-uris`: 'URI' NAME SIZE ALGORITHM:HASH. */
export function parseDebs(text: string): Deb[] {
  const debs: Deb[] = [];
  for (const line of text.split("\n")) {
    const match = /^'[^']+' (\S+\.deb) \d+ (\S+)$/.exec(line.trim());
    if (match === null) continue;
    const [, fileName, hash] = match as unknown as [string, string, string];
    debs.push({ package_: fileName.split("_")[0]!, fileName, hash });
  }
  return debs;
}

/** The cloud kernel package that the meta package of this suite points at. */
export function parseKernelPackage(dependsText: string): string {
  const match = /Depends: (linux-image-\S*cloud-amd64)/.exec(dependsText);
  if (match === null) {
    throw new SyntaxError(
      `Cannot find the cloud kernel: apt-cache says "${dependsText.trim()}"`,
    );
  }
  return match[1]!;
}

/** Looks the packages up in the package lists, newest version each. */
export async function resolveDebs(packages: string[]): Promise<Deb[]> {
  const printUris = ["download", "--print-uris", ...packages];
  // apt leaves out a package whose file lies in the folder it runs in.
  const debs = parseDebs(await run("apt-get", printUris, "/"));
  if (debs.length !== packages.length) {
    throw new Error(`Cannot resolve ${packages.join(" ")}: got ${debs.length}`);
  }
  return debs;
}

/** The kernel's package; fetches package lists first where there are none. */
export async function resolveKernel(): Promise<string> {
  const depends = ["depends", "linux-image-cloud-amd64"];
  try {
    return parseKernelPackage(await run("apt-cache", depends));
  } catch (cause) {
    if (Deno.uid() !== 0) {
      throw new Error("Cannot find the cloud kernel: run apt-get update", {
        cause,
      });
    }
    await run("apt-get", ["update", "-q"]);
    return parseKernelPackage(await run("apt-cache", depends));
  }
}

/** Downloads a package into the folder unless it is there already. */
export async function fetchDeb(deb: Deb, folder: string): Promise<string> {
  const path = `${folder}/${deb.fileName}`;
  if (isFile(path)) return path;
  Deno.mkdirSync(folder, { recursive: true });
  const asSelf = ["-o", "APT::Sandbox::User=root"];
  await run("apt-get", ["download", "-q", ...asSelf, deb.package_], folder);
  if (isFile(path)) return path;
  throw new Error(`Cannot download ${deb.package_}: no file ${deb.fileName}`);
}
