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
  /** Reads MB_COUNT status or stat descriptors (AT_SAMPLE_FDS) into AT_SAMPLES;
   * sets the sample lengths. */
  sample(): number;
  /** Takes one packet from client MB_FD: MB_COUNT bytes at AT_PACKET, sender
   * MB_PID and MB_UID (pid 0: no credentials). 0 bytes: the client left. */
  receive(): number;
  /** Sends MB_COUNT bytes at AT_PACKET to MB_FD without waiting. */
  send(): number;
  /** SIGKILL through pidfd MB_FD, then hands it to the reaper. When its
   * process_mrelease has returned, MB_REAP_PID says so of MB_PID, MB_REAP_RESULT
   * and MB_REAP_US how it went, and MB_REAPS is one more. */
  kill(): number;
  /** Writes MB_COUNT bytes at MB_SOURCE to MB_FD at MB_OFFSET. */
  persist(): number;
  /** Asks for the command names of MB_COUNT pids (1..TITLE_ASKS_MAX) at
   * AT_TITLE_PIDS: a thread of its own reads them, as that may wait for the
   * victim's mmap lock. Until a wait has raised MB_TITLES, which it is woken
   * for, AT_TITLE_TEXTS is that thread's. -EBUSY: it is still at the last
   * batch. A name is of whoever has the pid when it is read. */
  askTitles(): number;
  /** Gives the ballast back to the kernel; answers how many kB, 0 when none is
   * held. */
  releaseBallast(): number;
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
  /** Opens what sample() is to read the faults of MB_PID from, whose pidfd is
   * MB_FD: the memory.stat of its own memory group where there is one (MB_COUNT
   * is 1; MB_UID names the group), else its stat file (MB_COUNT is 0). */
  openStat(): number;
  /** Writes MB_COUNT MiB to the soft limit of the memory group of MB_PID and
   * MB_UID, whose pidfd is MB_FD, or -1. -ENODEV: apps have no groups here;
   * -ENOENT: this one has none. */
  softLimit(): number;
  /** Reads oom_score_adj of MB_PID, whose pidfd is MB_FD, into MB_ADJ. */
  readAdj(): number;
  /** Reads when MB_PID, whose pidfd is MB_FD, started, in ticks since boot, into
   * MB_COUNT. */
  readStart(): number;
  /** Lists up to SCAN_PIDS_MAX further pids of /proc (or of the guarded group)
   * at AT_SCAN; MB_COUNT says how many. 0: the list is complete. */
  scan(): number;
  /** Fills the ballast to MB_COUNT kB of memory that nobody uses; answers how
   * many are held. */
  fillBallast(): number;
}

/** Everything the daemon asks of the kernel while it runs. */
export interface Ports extends HotPorts, DeskPorts {}
