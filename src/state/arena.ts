// @hot
// The arena as typed-array views. The views are made once; their backing
// memory lives as long as the process (shim) or the test (simulator).

import {
  EVENTS_MAX,
  JOURNAL_RECORDS,
  JOURNAL_WORDS,
  PID_BUCKETS,
  SAMPLES_MAX,
  SCAN_PIDS_MAX,
  SLOTS_MAX,
  VICTIMS_MAX,
} from "../base/limits.ts";
import {
  ADJ_LISTS,
  AT_EVENTS,
  AT_GAUGES,
  AT_JOURNAL,
  AT_MAILBOX,
  AT_PID_BUCKETS,
  AT_SAMPLE_FDS,
  AT_SAMPLE_LENGTHS,
  AT_SCAN,
  AT_SETTINGS,
  AT_SLOT_LENGTHS,
  AT_SNAPSHOT,
  AT_VICTIM_HEADS,
  AT_VICTIM_TAILS,
  AT_VICTIMS,
  EVENT_WORDS,
  GAUGES_WORDS,
  MAILBOX_WORDS,
  SETTINGS_WORDS,
  VICTIM_WORDS,
} from "./layout.ts";
import { SNAPSHOT_COLUMNS } from "./snapshot.ts";

/** Every table of the guard, as views of one buffer. */
export class Arena {
  readonly buffer: ArrayBuffer;
  /** The whole arena as bytes; offsets are those of state/layout.ts. */
  readonly bytes: Uint8Array;
  readonly mailbox: Int32Array;
  readonly events: Int32Array;
  readonly slotLengths: Int32Array;
  readonly scan: Int32Array;
  readonly sampleFds: Int32Array;
  readonly sampleLengths: Int32Array;
  readonly snapshot: Int32Array;
  readonly settings: Int32Array;
  readonly gauges: Int32Array;
  readonly journal: Int32Array;
  readonly heads: Int32Array;
  readonly tails: Int32Array;
  readonly buckets: Int32Array;
  readonly victims: Int32Array;

  /** Views of `buffer`, which must hold ARENA_BYTES. */
  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.mailbox = new Int32Array(buffer, AT_MAILBOX, MAILBOX_WORDS);
    this.events = new Int32Array(buffer, AT_EVENTS, EVENTS_MAX * EVENT_WORDS);
    this.slotLengths = new Int32Array(buffer, AT_SLOT_LENGTHS, SLOTS_MAX);
    this.scan = new Int32Array(buffer, AT_SCAN, SCAN_PIDS_MAX);
    this.sampleFds = new Int32Array(buffer, AT_SAMPLE_FDS, SAMPLES_MAX);
    this.sampleLengths = new Int32Array(buffer, AT_SAMPLE_LENGTHS, SAMPLES_MAX);
    this.snapshot = new Int32Array(buffer, AT_SNAPSHOT, SNAPSHOT_COLUMNS);
    this.settings = new Int32Array(buffer, AT_SETTINGS, SETTINGS_WORDS);
    this.gauges = new Int32Array(buffer, AT_GAUGES, GAUGES_WORDS);
    this.journal = new Int32Array(
      buffer,
      AT_JOURNAL,
      JOURNAL_RECORDS * JOURNAL_WORDS,
    );
    this.heads = new Int32Array(buffer, AT_VICTIM_HEADS, ADJ_LISTS);
    this.tails = new Int32Array(buffer, AT_VICTIM_TAILS, ADJ_LISTS);
    this.buckets = new Int32Array(buffer, AT_PID_BUCKETS, PID_BUCKETS);
    this.victims = new Int32Array(
      buffer,
      AT_VICTIMS,
      VICTIMS_MAX * VICTIM_WORDS,
    );
  }
}
