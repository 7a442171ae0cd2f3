// What the guard is asked for that takes time: the configuration and the
// properties read anew, whether boot is completed, properties to be set. Each
// is begun between turns and finished between turns; programs run beside the
// guard, never in its way, and never oftener than once a second.

import { isPast } from "../base/int.ts";
import type { CompiledConfig } from "../config/compile.ts";
import type { Effective } from "../props/effective.ts";
import {
  WAIT_BOOT,
  WAIT_BOOT_SOON,
  WAIT_UPDATE,
  WAIT_UPDATE_SOON,
} from "../daemon/clients.ts";
import {
  canSetProperties,
  propertyFile,
  publishedProperties,
  setProperties,
} from "../props/publish.ts";
import { type PropertySet, readPropertiesLater } from "../props/read.ts";
import type { Shim } from "../shim/shim.ts";
import { G_RELOADS } from "../state/gauges.ts";
import { KIND_RELOAD } from "../state/journal.ts";
import { MB_NOW_MS } from "../state/layout.ts";
import { SET_DELAY_MONITORS, SET_DISCOVER } from "../state/settings.ts";
import { NONE } from "../state/victims.ts";
import { RESULT_ALREADY, RESULT_FAILED, RESULT_OK } from "../wire/messages.ts";
import { applySettings, armMonitors, type Guard } from "./guard.ts";
import type { Log } from "./log.ts";

/** Errands begin at most this often, ms. */
const EVERY_MS = 1_000;
/** While memory is watched closely errands wait, but not longer, ms: the new
 * configuration may be what helps. */
const HOLD_MS = 5_000;
/** What programs print is looked for this often, ms. */
const RUNNING_MS = 20;
/** What may not begin yet is looked at again this often, ms. */
const HELD_MS = 100;
/** An errand makes V8 ask the kernel for memory, and V8 ends the process where
 * it cannot have it (seen on 2.9.5, mmap failing during a reload): so much must
 * be there beforehand, bytes; the heap of a guard is 10 MB at most. */
const SPARE_BYTES = 8 << 20;
/** Set by Android's init once the system is up. */
const BOOT_COMPLETED = "sys.boot_completed";

/** What errands need. */
export interface ErrandParts {
  readonly shim: Shim;
  readonly guard: Guard;
  readonly log: Log;
  /** Reads and compiles file, options and properties. */
  readonly read: () => Promise<Effective>;
  /** What was in force at the start. */
  readonly first: Effective;
  /** Tells systemd. */
  readonly notify: (text: string) => void;
  /** Records that something happened to the guard itself. */
  readonly mark: (kind: number) => void;
  /** Called when triggers were armed anew. */
  readonly rearmed: () => void;
}

/** The errands of one guard. */
export class Errands {
  readonly #parts: ErrandParts;
  #properties: PropertySet;
  /** SIGHUP came. */
  reloadDue = false;
  #beganMs = 0;
  #everBegan = false;
  #dueMs = 0;
  #isDue = false;
  #publishDue = true;
  #publishedMs = 0;
  #bootDone = false;
  /** Programs and reads that are not finished. */
  #running = 0;
  /** What was read and is to be put in force at the next visit. */
  #fresh: (() => void) | null = null;

  constructor(parts: ErrandParts) {
    this.#parts = parts;
    this.#properties = parts.first.properties;
  }

  /** Something is under way: the event loop must have its turns. */
  get isRunning(): boolean {
    return this.#running > 0;
  }

  /** Longest that the next turn may wait while the desk is open, ms; -1: as
   * long as it likes. Somebody waits for what is read or held. */
  get restMs(): number {
    if (this.#fresh !== null) return 0;
    if (this.#running > 0) return RUNNING_MS;
    return this.#isDue || this.#publishDue ? HELD_MS : -1;
  }

  /** Between turns, while no victim's death is awaited. */
  visit(sprinting: boolean): void {
    const fresh = this.#fresh;
    this.#fresh = null;
    if (fresh !== null) fresh();
    const { control, clients } = this.#parts.guard;
    const update = this.reloadDue || clients.waiterFor(WAIT_UPDATE) !== NONE;
    const boot = clients.waiterFor(WAIT_BOOT) !== NONE || control.monitorsDue;
    if (update || boot) this.#begin(update, sprinting);
    else this.#isDue = false;
    if (control.targetsDue) this.#publishDue = true;
    control.targetsDue = false;
    if (this.#publishDue) this.#publish();
  }

  #begin(update: boolean, sprinting: boolean): void {
    if (this.#running > 0) return;
    const nowMs = this.#parts.shim.arena.mailbox[MB_NOW_MS];
    if (!this.#isDue) this.#dueMs = nowMs;
    this.#isDue = true;
    const soon = this.#everBegan && !isPast(nowMs, this.#beganMs, EVERY_MS);
    if (soon || (sprinting && !isPast(nowMs, this.#dueMs, HOLD_MS))) return;
    if (!this.#hasSpare) return;
    this.#everBegan = true;
    this.#isDue = false;
    this.#beganMs = nowMs;
    // Who asks from here on has another answer coming.
    const { clients } = this.#parts.guard;
    clients.promote(WAIT_BOOT, WAIT_BOOT_SOON);
    if (!update) return this.#readProperties();
    clients.promote(WAIT_UPDATE, WAIT_UPDATE_SOON);
    this.#readConfig();
  }

  /** Whether the memory that an errand takes can be had now. */
  get #hasSpare(): boolean {
    return this.#parts.shim.symbols.spare(SPARE_BYTES) >= 0;
  }

  #readConfig(): void {
    this.reloadDue = false;
    this.#parts.notify("RELOADING=1");
    this.#run(async () => {
      try {
        const read = await this.#parts.read();
        return () => this.#reload(read);
      } catch (error) {
        return () => this.#refuse(error);
      }
    });
  }

  #readProperties(): void {
    const { source } = this.#properties;
    this.#run(async () => {
      const properties = await readPropertiesLater(source);
      return () => {
        this.#properties = properties;
        this.#answerBoot();
      };
    });
  }

  #run(work: () => Promise<(() => void) | null>): void {
    this.#running++;
    work().then((fresh) => {
      this.#fresh = fresh ?? this.#fresh;
    }, (error) => {
      // Nothing of it is expected to throw; if it does, the guard goes on.
      this.#parts.log.say("error", `Errand failed: ${String(error)}`);
    }).finally(() => this.#running--);
  }

  /** Puts what was read in force: all of it, or nothing. */
  #reload(read: Effective): void {
    const { shim, guard, log, mark, first } = this.#parts;
    if (read.config.group !== first.config.group) {
      return this.#refuse(
        new Error("Cannot change group while running: at the next start only"),
      );
    }
    for (const line of read.warnings) log.say("warn", line);
    this.#properties = read.properties;
    for (const fd of guard.rung.fds) shim.symbols.shut(fd);
    const { settings } = shim.arena;
    const didDiscover = settings[SET_DISCOVER] === 1;
    applySettings(shim, read.config);
    if (didDiscover && settings[SET_DISCOVER] === 0) {
      guard.registrar.forgetDiscovered();
    }
    log.setLevel(read.config.log.level);
    this.#arm(read.config);
    guard.protector.replace(read.config.protect);
    // What is to be taken back is taken back now.
    guard.armer.visit(false);
    shim.arena.gauges[G_RELOADS]++;
    mark(KIND_RELOAD);
    log.say(
      "info",
      "configuration reloaded; socket, stateDir, log.to, self.fifoPriority " +
        "and self.ownGroup as at the start, self.lock no lower",
    );
    this.#finish(RESULT_OK);
    this.#answerBoot();
  }

  #arm(config: CompiledConfig): void {
    const { shim, guard, log, rearmed } = this.#parts;
    if (config.settings[SET_DELAY_MONITORS] === 0) guard.monitoring = true;
    guard.rung = armMonitors(shim, guard.senses, log, guard.monitoring);
    rearmed();
  }

  #refuse(error: unknown): void {
    const { log } = this.#parts;
    const why = error instanceof Error ? error.message : String(error);
    for (const line of why.split("\n")) log.say("error", line);
    log.say("error", "the configuration in force stays");
    this.#finish(RESULT_FAILED);
    // Whether the system is up was not read: that is asked for anew.
    this.#parts.guard.clients.promote(WAIT_BOOT_SOON, WAIT_BOOT);
  }

  #finish(result: number): void {
    this.#parts.guard.control.answerUpdates(result);
    this.#parts.notify("READY=1");
  }

  /** Whether the system is up; where nobody can tell, whoever says so is
   * believed. */
  get #isBooted(): boolean {
    const { known, values } = this.#properties;
    return !known || values.get(BOOT_COMPLETED)?.value === "1";
  }

  #answerBoot(): void {
    const { guard, log, shim, rearmed } = this.#parts;
    const { control, clients } = guard;
    for (;;) {
      const index = clients.waiterFor(WAIT_BOOT_SOON);
      if (index === NONE) break;
      const result = !this.#isBooted
        ? RESULT_FAILED
        : this.#bootDone
        ? RESULT_ALREADY
        : RESULT_OK;
      if (result === RESULT_OK) this.#bootDone = true;
      control.answerBoot(index, result);
    }
    if (!control.monitorsDue) return;
    control.monitorsDue = false;
    if (guard.monitoring) return;
    if (!this.#isBooted) {
      log.say("warn", `Monitoring not begun: ${BOOT_COMPLETED} is not set`);
      return;
    }
    guard.monitoring = true;
    guard.rung = armMonitors(shim, guard.senses, log, true);
    rearmed();
    log.say("info", "monitoring begun");
  }

  /** Tells the system what lmkd tells it: by setprop, or in a file. */
  #publish(): void {
    const { shim, guard, log } = this.#parts;
    const nowMs = shim.arena.mailbox[MB_NOW_MS];
    const soon = this.#publishedMs !== 0 &&
      !isPast(nowMs, this.#publishedMs, EVERY_MS);
    if (soon || this.#running > 0 || !this.#hasSpare) return;
    this.#publishedMs = nowMs;
    this.#publishDue = false;
    const published = publishedProperties(shim.arena.settings, true);
    if (this.#properties.source === "getprop" && canSetProperties()) {
      this.#run(async () => {
        const failures = await setProperties(published);
        for (const line of failures) log.say("warn", line);
        return null;
      });
      return;
    }
    guard.publish(propertyFile(published));
  }
}
