/* The shim's side of the contract with src/state/layout.ts. Both sides state
 * these numbers; shim_layout lets TypeScript compare them at start. */
#ifndef OOMGUARD_SHIM_H
#define OOMGUARD_SHIM_H

#include <stdint.h>

/* src/base/limits.ts */
#define EVENTS_MAX 64
#define SLOTS_MAX 32
#define SAMPLES_MAX 16
#define SCAN_PIDS_MAX 256
#define PACKET_BYTES_MAX 256
#define TITLE_ASKS_MAX 16
#define TITLE_BYTES 128
#define VICTIMS_MAX 16384
#define NAME_BYTES 16

/* Mailbox words, src/state/layout.ts. */
enum {
  MB_TIMEOUT_MS = 0,
  MB_NOW_MS = 1,
  MB_NOW_US = 2,
  MB_EVENTS = 3,
  MB_SLOTS = 4,
  MB_FD = 5,
  MB_COUNT = 6,
  MB_PID = 7,
  MB_UID = 8,
  MB_ADJ = 9,
  MB_SIGNALS = 10,
  MB_STATUS_FD = 11,
  MB_TAG = 12,
  MB_OFFSET = 13,
  MB_SOURCE = 14,
  MB_REAP_RESULT = 15,
  MB_REAP_US = 16,
  MB_REAPS = 17,
  MB_WOKE_US = 18,
  MB_DRY_RUN = 19,
  MB_REAP_PID = 20,
  MB_TITLES = 21,
  MB_BEAT = 22,
  MB_DUE_MS = 23,
  MAILBOX_WORDS = 64,
};

#define EVENT_WORDS 4
#define EVENT_SIGNAL 6
#define SAMPLE_BYTES 4096

/* Byte offsets in the arena. */
#define AT_MAILBOX 0
#define AT_EVENTS 256
#define AT_SLOT_LENGTHS 1280
#define AT_PACKET 1408
#define AT_SCAN 1664
#define AT_SAMPLE_FDS 2688
#define AT_SAMPLE_LENGTHS 2752
#define AT_SAMPLES 2816
#define AT_TITLE_PIDS 68352
#define AT_TITLE_TEXTS 68416
#define AT_SETTINGS 75072
#define AT_GAUGES 75584
#define AT_VICTIMS 895040
#define AT_NAMES 2992192
#define AT_TITLES 3254336

/* Words and flags of a row, src/state/victims.ts. */
enum {
  V_PID = 0,
  V_UID = 1,
  V_ADJ = 2,
  V_PIDFD = 3,
  V_FLAGS = 4,
  V_RSS_KB = 9,
  V_SWAP_KB = 10,
  V_ANON_KB = 11,
  V_GROWN_KB = 13,
  V_STATUS_FD = 14,
  V_PROTECT = 18,
  V_SILENT = 25,
  VICTIM_WORDS = 32,
};
enum { ROW_LISTED = 2, ROW_KILLED = 4, ROW_DEAD = 64 };

/* Settings and gauges, src/state/settings.ts and gauges.ts. */
enum {
  SET_STRATEGY = 0,
  SET_DRY_RUN = 1,
  SET_FLOOR_ADJ = 2,
  SET_KILL_TIMEOUT_MS = 17,
  SET_RESERVE_KB = 20,
  SET_CULPRIT_KB = 24,
  SET_FIFO = 72,
  SET_WATCHDOG_MS = 74,
};
enum {
  G_GUARD_PID = 24,
  G_ROWS_USED = 40,
  G_NEXT_ROW = 41,
  G_NEXT_PID = 42,
  G_NEXT_ADJ = 43,
  G_KEEPER_PID = 52,
  G_WATCHDOG_KILLS = 53,
};

/* src/state/reasons.ts */
#define REASON_SILENT 2005

/* Bits of MB_SIGNALS. */
#define SIGNAL_STOP 1
#define SIGNAL_RELOAD 2

/* Cold calls: they take parameters and may allocate; used at start, at reload
 * and by the desk. Each answers >= 0 or -errno. */
int32_t shim_attach(int32_t bytes, int32_t populated, void **base);
int32_t shim_layout(void);
int32_t shim_start(void);
int32_t shim_start_threads(void);
int32_t shim_open(const char *path, int32_t flags, int32_t mode);
int32_t shim_open_kept(const char *path, int32_t mode);
int32_t shim_shut(int32_t fd);
int32_t shim_slot(int32_t slot, int32_t fd, int32_t at, int32_t capacity);
int32_t shim_watch(int32_t fd, int32_t events, int32_t tag);
int32_t shim_trigger(const char *path, const char *text, int32_t tag);
int32_t shim_vmpressure(int32_t control, int32_t level, const char *name,
                        int32_t tag);
int32_t shim_memcg_root(const char *path);
int32_t shim_ask(const char *path, char *bytes, int32_t count,
                 int32_t timeout_ms);
int32_t shim_listen(const char *path, int32_t mode, int32_t uid, int32_t gid);
int32_t shim_listen_inherited(int32_t fd);
int32_t shim_scan_from(int32_t fd, int32_t is_proc);
int32_t shim_reserve(int32_t fd, int32_t bytes);
int32_t shim_spare(int32_t bytes);
int32_t shim_lock_file(int32_t fd);
int32_t shim_write(int32_t fd, const char *bytes, int32_t count);
int32_t shim_datagram(const char *path, const char *bytes, int32_t count);
int32_t shim_lock_arena(void);
int32_t shim_set_fifo(int32_t priority);
int32_t shim_take_signals(void);
/* Starts the watchdog thread, once. `opened` are descriptors, -1 for none: of
 * /proc/meminfo, or of a memory group's use, limit and memory.stat; and of a
 * pressure file. The journal's serials go on after `last_serial`. */
int32_t shim_watchdog(int32_t journal, int32_t last_serial,
                      const int32_t *opened);
int32_t shim_spawn(int32_t program, char *args, int32_t args_bytes, char *env,
                   int32_t env_bytes, const int32_t *fds, int32_t count,
                   int32_t tag);
int32_t shim_redirect_madvise(void);
int32_t shim_lock_all(void);
int32_t shim_lock_range(uint64_t start, uint64_t bytes);
int32_t shim_advise(uint64_t start, uint64_t bytes, int32_t advice);
int32_t shim_cut(uint64_t start, uint64_t bytes, int32_t piece_bytes);
int32_t shim_hot_begin(uint64_t start, uint64_t bytes);
int32_t shim_hot_end(void);
int32_t shim_trim_malloc(void);
int32_t shim_trim_stack(uint64_t start);
int32_t shim_populate_stack(void);
int32_t shim_prctl(int32_t option, int32_t value);
int32_t shim_sacrifice(void);
int32_t shim_bury(int32_t pid, int32_t waits);

/* Hot calls: no parameters, nothing allocated; see src/daemon/ports.ts. */
int32_t shim_wait(void);
int32_t shim_clock(void);
int32_t shim_sense(void);
int32_t shim_sample(void);
int32_t shim_receive(void);
int32_t shim_send(void);
int32_t shim_kill(void);
int32_t shim_persist(void);
int32_t shim_ask_titles(void);
int32_t shim_ballast_release(void);

/* The desk's calls: no parameters, but they open and close. */
int32_t shim_accept(void);
int32_t shim_close(void);
int32_t shim_adopt(void);
int32_t shim_write_adj(void);
int32_t shim_open_status(void);
int32_t shim_open_stat(void);
int32_t shim_soft_limit(void);
int32_t shim_read_adj(void);
int32_t shim_read_start(void);
int32_t shim_scan(void);
int32_t shim_ballast_fill(void);

#endif
