// @hot
// What the reactor knows of the kernel: two interfaces, each with two
// implementations, the shim (src/shim) and the simulated machine (src/sim).
// Calls take nothing; arguments and results travel in the mailbox words named
// beside each (state/layout.ts). Each answers a count or 0, or -errno.

/** The calls a turn may make. None of them opens, forks, maps or allocates. */
export interface HotPorts {
  /** Waits up to MB_TIMEOUT_MS; fills the event list, MB_EVENTS, MB_SIGNALS,
   * MB_NOW_MS, MB_NOW_US. */
  wait(): number;
  /** Sets MB_NOW_MS and MB_NOW_US. */
  clock(): number;
  /** Reads each slot of MB_SLOTS from its start into its buffer; sets the slot
   * lengths. */
  sense(): number;
  /** Reads MB_COUNT status descriptors (AT_SAMPLE_FDS) into AT_SAMPLES; sets
   * the sample lengths. */
  sample(): number;
  /** Takes one packet from client MB_FD: MB_COUNT bytes at AT_PACKET, sender
   * MB_PID and MB_UID (pid 0: no credentials). 0 bytes: the client left. */
  receive(): number;
  /** Sends MB_COUNT bytes at AT_PACKET to MB_FD without waiting. */
  send(): number;
  /** SIGKILL through pidfd MB_FD, then hands it to the reaper. */
  kill(): number;
  /** Writes MB_COUNT bytes at MB_SOURCE to MB_FD at MB_OFFSET. */
  persist(): number;
}

/** The calls of the desk: they open and allocate, so they run between turns,
 * never while a shortage is being handled. */
export interface DeskPorts {
  /** Accepts a client of listener MB_FD and watches it under MB_TAG; answers
   * its descriptor. */
  accept(): number;
  /** Closes MB_FD (later, when the reaper still holds it). */
  close(): number;
  /** Opens a pidfd for MB_PID, verifies the process through it, and watches it
   * under MB_TAG. Answers the pidfd; its status text is sample 0, MB_ADJ its
   * oom_score_adj, MB_STATUS_FD its open status file. -ESRCH: gone; -EINVAL:
   * a thread, not a process. */
  adopt(): number;
  /** Writes MB_ADJ to the oom_score_adj of MB_PID. */
  writeAdj(): number;
  /** Opens the status file of MB_PID, whose pidfd is MB_FD: the process is
   * still the same one when this answers a descriptor. */
  openStatus(): number;
  /** Reads oom_score_adj of MB_PID, whose pidfd is MB_FD, into MB_ADJ. */
  readAdj(): number;
  /** Lists up to SCAN_PIDS_MAX further pids of /proc (or of the guarded group)
   * at AT_SCAN; MB_COUNT says how many. 0: the list is complete. */
  scan(): number;
}

/** Everything the daemon asks of the kernel while it runs. */
export interface Ports extends HotPorts, DeskPorts {}
