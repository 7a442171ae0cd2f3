// A client of the control socket as the other end sees it: connects, sends
// packets, reads replies, hangs up. Packets are built here by hand, big-endian,
// so that the guard's codec is not its own witness.

/** Packets that the socket holds before a sender must wait (af_unix,
 * sysctl_max_dgram_qlen bounds datagrams; a stream of packets is bounded by
 * wmem_default: about 278 of the smallest). */
const QUEUE_MAX = 278;

/** One packet under way. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** Credentials; pid 0: none came with it. */
  readonly pid: number;
  readonly uid: number;
}

/** The client. */
export class SimClient {
  readonly pid: number;
  readonly uid: number;
  /** Sent, not yet received by the guard. */
  readonly queue: Packet[] = [];
  /** Received from the guard, as words and as they came. */
  readonly replies: number[][] = [];
  readonly packets: Uint8Array[] = [];
  /** It does not read: whoever sends to it must wait. */
  deaf = false;
  /** The guard's descriptor, -1 before it accepted and after it closed. */
  fd = -1;
  hungUp = false;
  /** The guard has closed its end. */
  dropped = false;
  readonly #wake: (client: SimClient) => void;

  constructor(pid: number, uid: number, wake: (client: SimClient) => void) {
    this.pid = pid;
    this.uid = uid;
    this.#wake = wake;
  }

  /** Sends words; false when the socket is full or closed. */
  send(...words: number[]): boolean {
    const bytes = new Uint8Array(words.length * 4);
    const view = new DataView(bytes.buffer);
    words.forEach((word, i) => view.setInt32(i * 4, word));
    return this.sendBytes(bytes);
  }

  /** Sends bytes as they are; `pid` 0 sends them without credentials. */
  sendBytes(bytes: Uint8Array, pid = this.pid): boolean {
    if (this.hungUp || this.dropped || this.queue.length >= QUEUE_MAX) {
      return false;
    }
    this.queue.push({ bytes, pid, uid: this.uid });
    this.#wake(this);
    return true;
  }

  /** A packet of the guard's has come. */
  take(packet: Uint8Array): void {
    const view = new DataView(packet.buffer);
    const words: number[] = [];
    for (let at = 0; at + 4 <= packet.length; at += 4) {
      words.push(view.getInt32(at));
    }
    this.replies.push(words);
    this.packets.push(packet);
  }

  /** LMK_TARGET: pairs of pages and oom_score_adj. */
  target(...pairs: number[]): boolean {
    return this.send(0, ...pairs);
  }

  /** LMK_PROCPRIO. */
  prio(pid: number, uid: number, adj: number): boolean {
    return this.send(1, pid, uid, adj);
  }

  /** LMK_PROCREMOVE. */
  remove(pid: number): boolean {
    return this.send(2, pid);
  }

  /** LMK_PROCPURGE. */
  purge(): boolean {
    return this.send(3);
  }

  /** LMK_GETKILLCNT. */
  askKills(low: number, high: number): boolean {
    return this.send(4, low, high);
  }

  /** Closes this end. */
  hangUp(): void {
    this.hungUp = true;
    this.#wake(this);
  }
}
