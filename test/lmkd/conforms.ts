// The register of conformance tests: each names the section of the reference
// of AOSP's lmkd that it pins. conformance_test.ts counts them, so that a
// section without a test cannot go unseen.

/** The reference's sections: number and what it is about. */
export const SECTIONS: readonly (readonly [string, string])[] = [
  ["1.1", "Socket: packets, lengths, clients, credentials"],
  ["1.2", "Requests and their replies"],
  ["1.3", "Messages that nobody asked for"],
  ["1.4", "Who owns a registration, and what a hang-up leaves"],
  ["1.5", "What each request does"],
  ["2", "Properties: names, defaults, bounds"],
  ["3.1", "Pressure triggers"],
  ["3.2", "Which source of pressure is taken"],
  ["3.3", "Polling after an event"],
  ["3.4", "Events of reclaim and of vendors"],
  ["4.1", "Files that are read, and their fields"],
  ["4.2", "Figures derived from them"],
  ["4.3", "One evaluation, step by step"],
  ["4.4", "Order of the reasons"],
  ["4.5", "Numbers of the reasons"],
  ["5", "Older strategies: minfree and levels"],
  ["6.1", "Who is chosen"],
  ["6.2", "How a victim is killed and told of"],
  ["6.3", "The record of a kill"],
  ["6.4", "Reaping"],
  ["7", "What keeps the guard itself alive"],
  ["8", "What lmkd's own tests ask for"],
];

interface Registered {
  readonly section: string;
  readonly name: string;
  readonly module: string;
}

/** Every test registered so far, in order. */
export const registered: Registered[] = [];

/** The module of test/lmkd that called, by its file name without the end. */
function callingModule(): string {
  const frames = new Error().stack ?? "";
  for (const [, name] of frames.matchAll(/\/test\/lmkd\/(\w+)\.ts:/g)) {
    if (name !== "conforms") return name!;
  }
  throw new Error("conforms() was called from outside test/lmkd");
}

/**
 * Registers a test that pins a part of `section`. Throws a RangeError when the
 * reference has no such section, and when the name is taken.
 */
export function conforms(
  section: string,
  name: string,
  fn: () => void | Promise<void>,
): void {
  if (!SECTIONS.some(([number]) => number === section)) {
    const known = SECTIONS.map(([number]) => number).join(" ");
    throw new RangeError(
      `Cannot register "${name}": no section "${section}" (known: ${known})`,
    );
  }
  if (registered.some((one) => one.section === section && one.name === name)) {
    throw new RangeError(`Cannot register "${section} ${name}": name is taken`);
  }
  registered.push({ section, name, module: callingModule() });
  Deno.test(`${section} ${name}`, fn);
}
