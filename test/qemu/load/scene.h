// The runner's state: one scene, read from a text file, and the processes it
// has started. Everything is sized here and nothing is allocated later.
#ifndef OOMGUARD_SCENE_H
#define OOMGUARD_SCENE_H

#include "load.h"

enum {
  WORDS_MAX = 48,
  TARGETS_MAX = 12,
  RSS_EVERY_SAMPLES = 5,
  LINE_MAX_BYTES = 2048,
};

struct proc {
  char *kind, *name;
  int adj, uid, lock;
  int64_t size_kb, rate_kb;
  int culprit; // started last, held back until the scene begins
  int pid, pidfd, status_fd;
  struct proc_sample last;
};

// Words of the guard's arena that a scene may name.
enum {
  ARENA_STATE,
  ARENA_ALARM_US,
  ARENA_KEEPER,
  ARENA_NEXT,
  ARENA_LOCKED,
  WORDS_OF_ARENA
};

struct scene {
  char *guard_argv[WORDS_MAX]; // empty: no guard
  char *guard_comm;            // the guard is a process that init started
  char *ready_word;            // what the guard says when it is ready
  char *socket_path;           // NULL: the guard has none
  char *show_path;             // a file to print at the end
  char *journal_path;          // a journal to print at the end
  char *trial;                 // NULL: a scene, not a trial
  char *strike[2];             // what is done to the guard, and when
  int rounds;                  // culprits that come one after another
  int verbose;                 // how much the kernel says of injected faults
  int is_begun;
  int trace;                   // 1: allocations of the guard are recorded
  int signals;                 // 1: every deadly signal is recorded
  int late;                    // 1: culprits are started when it begins
  int64_t arena_at[WORDS_OF_ARENA];
  const _Atomic int32_t *arena[WORDS_OF_ARENA];
  int targets[TARGETS_MAX], target_count;
  uint64_t seed;
  int64_t ready_us, calm_us, settle_us, limit_us, sample_us;
  struct proc procs[PROCS_MAX];
  int proc_count;
};

void scene_parse(struct scene *scene, const char *path);

int trial_run(void);

// The guard, or the client, as a child: its output becomes events of this name
// line by line.
struct guard {
  const char *event;
  int pid, pidfd, pipe_fd;
  char line[LINE_MAX_BYTES];
  size_t line_bytes;
  int line_count;
  const char *ready_word; // NULL: no line of its output says that it is ready
  int is_ready;
  int has_group; // it is put into the guard's own memory group
};
void guard_start(struct guard *guard, char **argv);
void guard_find(struct guard *guard, const char *comm);
void guard_read(struct guard *guard);

// Memory groups (groups.c). 1: the line was one of theirs.
int groups_parse(char **words, int count);
void group_make(const struct proc *proc);
void group_enter(const struct proc *proc);
int group_make_guard(void); // 0: it is to have none
void group_enter_guard(void);

void report_heart(const struct shared *shared, uint32_t begin_beat);
void report_guard(const struct guard *guard, const char *event);
void report_file(const char *event, const char *path);
void report_journal(const char *path);

#endif
