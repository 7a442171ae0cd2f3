// Trials: what lmkd's own tests try on a device, and what a client of its
// socket must be told. Each plays against a running guard and writes down what
// came of it; whether that is right is judged outside.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

enum {
  LMK_GETKILLCNT = 4,
  LMK_UPDATE_PROPS = 7,
  LMK_PROCS_PRIO = 11,
  BATCH_MAX = 3,           // records of four words in a packet
  REPLY_US = 5000000,      // many times what the guard takes under emulation
  WORDS_US = 500000,       // the guard says what it did once a death is seen
  CLIENT_WAIT_MS = 60000,  // longer than the trial
  // Slots of the trial "held".
  HELD = 0,
  HELD_LEAK = 1,
  HELD_READER = 2,
  HELD_US = 500000,
  HELD_WAIT_US = 10000000, // the longest that the lock was seen held: 4 s
};
static const char HELD_HIGH[] = "33554432";

static int current; // the process that a trial waits for
static int reply[4];
static long reply_bytes;
static int64_t until_us;

static int64_t left_us(void) {
  return until_us - now_us();
}

static int has_died(void) {
  return scene.procs[current].pidfd < 0;
}

static int has_reply(void) {
  reply_bytes = ams_receive(socket_fd, reply, 4);
  return reply_bytes > 0;
}

static int has_client_spoken(void) {
  return client.line_count > 0 || client.pidfd < 0;
}

static int has_client_ended(void) {
  return client.pidfd < 0 && client.pipe_fd < 0;
}

// Sends a command that is answered, and tells the answer.
static void ask(const int *words, int count) {
  ams_send(socket_fd, words, count);
  reply_bytes = 0;
  if (stage_run(REPLY_US, has_reply))
    out_line("{\"e\":\"reply\",\"t\":%ld,\"asked\":%d,\"command\":%d,"
             "\"value\":%d,\"bytes\":%ld}",
             (long)now_us(), words[0], reply[0], reply[1], reply_bytes);
}

// Commands of a client are served in order: an answer to this one says that
// all before it are done.
static void barrier(void) {
  ask((const int[]){LMK_GETKILLCNT, -1000, 1000}, 3);
}

static void place(int slot) {
  stage_start(slot);
  stage_await(slot, STAGE_PLACED);
}

// One after another: each is registered, takes memory without end, and is
// waited for.
static int try_greedy(void) {
  for (current = 0; current < scene.proc_count; current++) {
    const struct proc *proc = &scene.procs[current];
    atomic_store(&shared->go, 0);
    place(current);
    ams_register(socket_fd, proc->pid, proc->uid, proc->adj);
    barrier();
    atomic_store(&shared->go, PROCS_MAX);
    if (!stage_run(left_us(), has_died))
      return 0;
    stage_run(scene.settle_us, NULL);
  }
  return 1;
}

static int try_reap(void) {
  ask((const int[]){LMK_UPDATE_PROPS}, 1);
  return try_greedy();
}

// Several records in one packet, then the barrier, then what the kernel says.
static int try_batch(void) {
  int words[1 + 4 * BATCH_MAX] = {LMK_PROCS_PRIO}, count = 1;
  for (int i = 0; i < scene.proc_count && i < BATCH_MAX; i++) {
    const struct proc *proc = &scene.procs[i];
    place(i);
    words[count++] = proc->pid;
    words[count++] = proc->uid;
    words[count++] = proc->adj;
    words[count++] = 0; // an app
  }
  ams_send(socket_fd, words, count);
  barrier();
  for (int i = 0; i < scene.proc_count && i < BATCH_MAX; i++)
    out_line("{\"e\":\"adj\",\"t\":%ld,\"pid\":%d,\"want\":%d,\"got\":%d}",
             (long)now_us(), scene.procs[i].pid, scene.procs[i].adj,
             probe_adj(scene.procs[i].pid));
  return 1;
}

// A client of its own registers the hog and is told of its end.
static int try_report(void) {
  const struct proc *proc = &scene.procs[0];
  char pid[16], uid[16], adj[16], wait_ms[16];
  place(0);
  stage_await(0, STAGE_READY);
  snprintf(pid, sizeof pid, "%d", proc->pid);
  snprintf(uid, sizeof uid, "%d", proc->uid);
  snprintf(adj, sizeof adj, "%d", proc->adj);
  snprintf(wait_ms, sizeof wait_ms, "%d", CLIENT_WAIT_MS);
  char *argv[] = {"/proc/self/exe", "client", scene.socket_path, pid, uid, adj,
                  "0",              wait_ms,  NULL};
  guard_start(&client, argv);
  stage_run(REPLY_US, has_client_spoken);
  // The second connection has no barrier: the calm is for the guard to read it.
  stage_run(scene.calm_us, NULL);
  atomic_store(&shared->go, PROCS_MAX);
  if (!stage_run(left_us(), has_died))
    return 0;
  if (!stage_run(scene.settle_us, has_client_ended))
    return 0;
  stage_run(WORDS_US, NULL);
  return 1;
}

// Lets the hogs go one after another; 1: each of them died.
static int end_in_turn(int from, int to) {
  for (current = from; current < to; current++) {
    atomic_store(&shared->go, current + 1);
    if (!stage_run(left_us(), has_died))
      return 0;
    stage_run(scene.settle_us, NULL);
  }
  return 1;
}

// All hogs but the last meet a guard for which every allocation fails; the last
// one a guard that has this behind it.
static int try_starve(void) {
  const int last = scene.proc_count - 1;
  for (int i = 0; i < scene.proc_count; i++) {
    const struct proc *proc = &scene.procs[i];
    place(i);
    ams_register(socket_fd, proc->pid, proc->uid, proc->adj);
    stage_await(i, STAGE_READY);
  }
  barrier();
  stage_await_settled();
  stage_run(scene.calm_us, NULL);
  starve_begin();
  starve_tell();
  const int ended = end_in_turn(0, last);
  starve_end();
  return ended && end_in_turn(last, last + 1);
}

static void move_to_group(int pid) {
  char path[64] = "/sys/fs/cgroup/held/cgroup.procs", text[16];
  mkdir("/sys/fs/cgroup/held", 0755);
  const int length = snprintf(text, sizeof text, "%d", pid);
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const int high_fd = open("/sys/fs/cgroup/held/memory.high", O_WRONLY);
  const int swap_fd = open("/sys/fs/cgroup/held/memory.swap.max", O_WRONLY);
  if (write(high_fd, HELD_HIGH, strlen(HELD_HIGH)) < 0 ||
      write(swap_fd, "0", 1) < 0 || write(fd, text, (size_t)length) < 0)
    die("make the group of the held process");
  close(fd);
  close(high_fd);
  close(swap_fd);
}

static int64_t blocked_us(void) {
  const struct cell *reader = &shared->cells[HELD_READER];
  const int64_t from_us = atomic_load(&reader->since_us);
  const int64_t waits_us = from_us > 0 ? now_us() - from_us : 0;
  const int64_t slowest_us = atomic_load(&reader->slowest_us);
  return waits_us > slowest_us ? waits_us : slowest_us;
}

static int is_held(void) {
  return blocked_us() >= HELD_US;
}

// The least important process holds its mmap lock; a leak then takes the rest
// of the memory. The reader shows that the lock is held.
static int try_held(void) {
  for (int i = 0; i < scene.proc_count; i++) {
    const struct proc *proc = &scene.procs[i];
    place(i);
    if (i != HELD_READER)
      ams_register(socket_fd, proc->pid, proc->uid, proc->adj);
  }
  move_to_group(scene.procs[HELD].pid);
  barrier();
  stage_run(scene.calm_us, NULL);
  atomic_store(&shared->go, HELD + 1);
  stage_run(HELD_WAIT_US, is_held);
  out_line("{\"e\":\"blocked\",\"t\":%ld,\"us\":%ld}", (long)now_us(),
           (long)blocked_us());
  atomic_store(&shared->go, PROCS_MAX);
  for (current = HELD; current <= HELD_LEAK; current++)
    if (!stage_run(left_us(), has_died))
      return 0;
  stage_run(scene.settle_us, NULL);
  return 1;
}

int trial_run(void) {
  static const struct {
    const char *name;
    int (*try)(void);
  } trials[] = {{"oom", try_greedy},
                {"reap", try_reap},
                {"batch", try_batch},
                {"report", try_report},
                {"starve", try_starve},
                {"held", try_held}};
  until_us = now_us() + scene.limit_us;
  for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
    if (strcmp(scene.trial, trials[i].name) == 0)
      return trials[i].try();
  die(scene.trial);
  return 0;
}
