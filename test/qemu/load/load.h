// What the runner and the processes it starts share: one memory file, mapped by
// all of them, and the helpers both sides need.
#ifndef OOMGUARD_LOAD_H
#define OOMGUARD_LOAD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
  PROCS_MAX = 96,
  PAGE_KB = 4,
  BEATS_MAX = 1 << 16, // 100 beats a second for 655 s, longer than any scene
  BEAT_US = 10000,
  SHARED_FD = 3, // where an exec'd role finds the memory file
};

// How far a process has come: it has its name, uid and importance; it has its
// working set, or waits to be let go.
enum { STAGE_NONE, STAGE_PLACED, STAGE_READY };

// One process, written by it and read by the runner.
struct cell {
  _Atomic int stage;
  _Atomic int pid;
  _Atomic int64_t touched_kb;
  _Atomic int64_t done_us;
  // Of a reader: since when it waits, 0 for not at all; its longest wait so far.
  _Atomic int64_t since_us;
  _Atomic int64_t slowest_us;
};

// The runner locks this mapping, so a process that writes here never waits for
// these pages, whatever happens to its own.
struct shared {
  _Atomic int go; // processes in slots below this may begin
  struct cell cells[PROCS_MAX];
  _Atomic uint32_t beat_count;
  _Atomic int64_t beat_due_us;
  uint32_t beat_late_us[BEATS_MAX];
};

struct role {
  const char *kind;
  const char *name;
  int slot;
  int adj;
  int uid;
  int64_t size_kb;
  int64_t rate_kb;
  int lock;
  uint64_t seed;
};

int64_t now_us(void);
void nap_until_us(int64_t at_us);
void die(const char *what);

// Never returns: a role ends by a signal only.
void role_run(const struct role *role, struct shared *shared);

// The client: never through the runner's own packets (ams.c).
int client_run(char **words);

// Never return either (held.c).
void held_run(unsigned char *base, int64_t size_kb);
void reader_run(struct shared *shared, struct cell *own, int slot);

int scene_run(const char *scene_path, const char *out_path);

// Output: JSON lines into a ring that was touched beforehand, drained without
// waiting; nothing here allocates.
void out_open(const char *path);
void out_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_text(const char *event, const char *text, size_t bytes);
void out_drain(void);
void out_make_room(void);
void out_finish(void);

// Probes: files opened once, read in place.
struct mem_sample {
  int64_t total_kb, avail_kb, free_kb, swap_total_kb, swap_free_kb, mlocked_kb,
      file_kb;
};
struct psi_sample {
  int64_t some_us, full_us;
};
struct proc_sample {
  int64_t rss_kb, anon_kb, file_kb, swap_kb, locked_kb;
};
// What a process has used since it began: time on a CPU, and how often one of
// its threads went to sleep, and so was woken.
struct spent {
  int64_t cpu_us, sleeps;
};
void probe_open(void);
struct mem_sample probe_mem(void);
struct psi_sample probe_psi(void);
void probe_vmstat(const char *event);
int probe_open_status(int pid);
struct proc_sample probe_status(int status_fd);
int64_t probe_cpu_ms(int pid);
struct spent probe_spent(int pid);
int64_t probe_oom_kills(void);
int probe_adj(int pid);

// The coordinator: what ActivityManager does for a real device.
int ams_connect(const char *path);
void ams_target(int socket_fd, const int *pages_and_adjs, int count);
void ams_register(int socket_fd, int pid, int uid, int adj);
void ams_remove(int socket_fd, int pid);
void ams_send(int socket_fd, const int *words, int count);
long ams_receive(int socket_fd, int *words, int count);

#endif
