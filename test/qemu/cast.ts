// Who lives on the device, and who misbehaves there. Sizes fit 1 GiB.

/** What a process does with its memory: roles.c, held.c. */
type Kind =
  | ("app" | "busy" | "heart" | "hog" | "launch" | "thrash")
  | ("swarm" | "fill" | "spike")
  | ("greedy" | "idle" | "held" | "reader" | "knock");

/** One process. */
export interface Spec {
  kind: Kind;
  name: string;
  adj: number;
  uid: number;
  sizeMb: number;
  rateMb: number;
  lock: boolean;
}

/** More than the device can ever give. */
const ENDLESS_MB = 8192;

export const APP: Spec = {
  kind: "app",
  name: "",
  adj: 0,
  uid: 10000,
  sizeMb: 40,
  rateMb: 0,
  lock: false,
};

export const LEAK: Spec = {
  ...APP,
  kind: "hog",
  name: "com.example.leak",
  adj: 900,
  uid: 10040,
  sizeMb: ENDLESS_MB,
  rateMb: 120,
};

export const LOCK: Spec = {
  ...LEAK,
  name: "com.example.lock",
  rateMb: 150,
  lock: true,
};

export const LAUNCH: Spec = {
  ...APP,
  kind: "launch",
  name: "com.example.camera",
  adj: 0,
  uid: 10041,
  sizeMb: 420,
  rateMb: 210,
};

/** Those who live on the device: ten cached apps hold 400 MB. */
export const POPULATION: readonly Spec[] = [
  {
    ...APP,
    kind: "busy",
    name: "system_server",
    adj: -900,
    uid: 1000,
    sizeMb: 100,
  },
  { ...APP, kind: "heart", name: "com.example.home", uid: 10033, sizeMb: 16 },
  { ...APP, kind: "busy", name: "com.example.music", adj: 200, uid: 10032 },
  { ...APP, kind: "busy", name: "com.example.sync", adj: 500, uid: 10031 },
  ...Array.from({ length: 10 }, (_, index) => ({
    ...APP,
    name: `com.example.cached${index}`,
    adj: 945 - 5 * index,
    uid: 10001 + index,
  })),
];

/** A game: its working set and the framework's code are gone through once a
 * second, so what the machine takes from it is wanted back at once. */
export const GAME: Spec = {
  ...APP,
  kind: "thrash",
  name: "com.example.game",
  adj: 0,
  uid: 10034,
  sizeMb: 96,
};

/** A client that comes and goes: letting it in allocates, whenever it comes. */
export const KNOCKER: Spec = {
  ...APP,
  kind: "knock",
  name: "com.example.knock",
  adj: -900,
  uid: 0,
  sizeMb: 0,
};

/** Many small ones: together more than the device can give. */
export const STORM: readonly Spec[] = Array.from(
  { length: 48 },
  (_, index) => ({
    ...APP,
    kind: "swarm",
    name: `com.example.storm${index}`,
    adj: 905,
    uid: 10050,
    sizeMb: 24,
    rateMb: 4,
  }),
);

/** Somebody in the foreground who writes a file to a tmpfs. */
export const FILL: Spec = {
  ...LAUNCH,
  kind: "fill",
  name: "com.example.scanner",
  sizeMb: 420,
  rateMb: 120,
};

/** Somebody in the foreground who needs much for a moment: beside the largest
 * guard here, which is ours, a tenth of the memory is left then. */
export const SPIKE: Spec = {
  ...LAUNCH,
  kind: "spike",
  name: "com.example.editor",
  sizeMb: 185,
  rateMb: 40,
};

/** The same with nobody at work. */
export const ASLEEP: readonly Spec[] = POPULATION
  .map((spec) => ({ ...spec, kind: "app" }));
