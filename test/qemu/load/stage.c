// The stage: the guard, the processes, and the pen that writes down what
// happens to them. The runner locks its memory and no OOM killer may take it,
// so that it sees every scene and every trial to the end.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

enum {
  STAGE_US = 15000000, // many times what 100 MB take under emulation
  STAGE_LOOK_US = 5000,
  READY_LOOK_US = 20000,
  STRIKE_LOOK_US = 1000, // the guard in a sprint looks every 10 ms
};

struct scene scene = {.ready_us = 20000000, .calm_us = 1000000,
                      .settle_us = 3000000, .limit_us = 30000000,
                      .sample_us = 20000};
struct guard guard = {.event = "guard", .pid = -1, .pidfd = -1, .pipe_fd = -1};
struct guard client = {
    .event = "client", .pid = -1, .pidfd = -1, .pipe_fd = -1};
struct shared *shared;
int socket_fd = -1;
static int shared_fd, kmsg_fd = -1;
static long sample_index;

static void hold_fast(void) {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, "-1000", 5) != 5) // outside a device, few may
    out_line("{\"e\":\"note\",\"t\":%ld,\"line\":\"an OOM killer may take the "
             "runner\"}",
             (long)now_us());
  close(fd);
  shared_fd = memfd_create("scene", 0);
  if (shared_fd < 0 || ftruncate(shared_fd, sizeof *shared) < 0)
    die("memory file");
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED,
                shared_fd, 0);
  if (shared == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
    die("lock memory");
  setpriority(PRIO_PROCESS, 0, -20);
}

static void exec_role(const struct proc *proc, int slot) {
  static char words[6][24];
  snprintf(words[0], sizeof *words, "%d", slot);
  // In a trial it is the guard's part to set the importance asked for.
  snprintf(words[1], sizeof *words, "%d", scene.trial ? 0 : proc->adj);
  snprintf(words[2], sizeof *words, "%d", proc->uid);
  snprintf(words[3], sizeof *words, "%ld", (long)proc->size_kb);
  snprintf(words[4], sizeof *words, "%ld", (long)proc->rate_kb);
  snprintf(words[5], sizeof *words, "%lu", (unsigned long)scene.seed);
  char *argv[] = {proc->name, proc->kind, words[0],
                  words[1],   words[2],   words[3],
                  words[4],   proc->lock ? "1" : "0", words[5], NULL};
  char *environment[] = {NULL};
  group_enter(proc);
  // The runner's own priority is not for the load.
  setpriority(PRIO_PROCESS, 0, 0);
  if (dup2(shared_fd, SHARED_FD) < 0)
    _exit(71);
  execve("/proc/self/exe", argv, environment);
  _exit(71);
}

void stage_start(int slot) {
  struct proc *proc = &scene.procs[slot];
  group_make(proc);
  proc->pid = fork();
  if (proc->pid < 0)
    die("fork");
  if (proc->pid == 0)
    exec_role(proc, slot);
  proc->pidfd = (int)syscall(SYS_pidfd_open, proc->pid, 0);
  proc->status_fd = probe_open_status(proc->pid);
  out_line("{\"e\":\"spawn\",\"t\":%ld,\"pid\":%d,\"kind\":\"%s\",\"name\":"
           "\"%s\",\"adj\":%d,\"uid\":%d,\"sizeKb\":%ld,\"culprit\":%s}",
           (long)now_us(), proc->pid, proc->kind, proc->name, proc->adj,
           proc->uid, (long)proc->size_kb, proc->culprit ? "true" : "false");
}

// The worst of the beats since the last sample, or of the one still due.
static int64_t worst_late_us(void) {
  static uint32_t seen;
  const uint32_t count = atomic_load(&shared->beat_count);
  const int64_t due_us = atomic_load(&shared->beat_due_us);
  int64_t worst_us = due_us > 0 && now_us() > due_us ? now_us() - due_us : 0;
  for (; seen < count; seen++)
    if (shared->beat_late_us[seen] > worst_us)
      worst_us = shared->beat_late_us[seen];
  return worst_us;
}

static void sample(void) {
  const struct mem_sample mem = probe_mem();
  const struct psi_sample psi = probe_psi();
  int64_t grown_kb = 0;
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.procs[i].culprit)
      grown_kb += atomic_load(&shared->cells[i].touched_kb);
  out_line("{\"e\":\"mem\",\"t\":%ld,\"avail\":%ld,\"free\":%ld,\"file\":%ld,"
           "\"swap\":%ld,\"mlocked\":%ld,\"some\":%ld,\"full\":%ld,"
           "\"grown\":%ld,\"late\":%ld}",
           (long)now_us(), (long)mem.avail_kb, (long)mem.free_kb,
           (long)mem.file_kb, (long)mem.swap_free_kb, (long)mem.mlocked_kb,
           (long)psi.some_us, (long)psi.full_us, (long)grown_kb,
           (long)worst_late_us());
  if (sample_index++ % RSS_EVERY_SAMPLES != 0)
    return;
  for (int i = 0; i < scene.proc_count; i++) {
    struct proc *proc = &scene.procs[i];
    if (proc->pidfd < 0)
      continue;
    const struct proc_sample now = probe_status(proc->status_fd);
    // Between death and notice the file has no numbers; a process that did not
    // change is not told again.
    if (now.rss_kb <= 0 ||
        (now.rss_kb == proc->last.rss_kb && now.swap_kb == proc->last.swap_kb))
      continue;
    proc->last = now;
    out_line("{\"e\":\"rss\",\"t\":%ld,\"pid\":%d,\"rss\":%ld,\"swap\":%ld}",
             (long)now_us(), proc->pid, (long)now.rss_kb, (long)now.swap_kb);
  }
}

static void note_death(const char *name, int pid, int pidfd) {
  siginfo_t info = {0};
  waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED);
  const int killed = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  out_line("{\"e\":\"death\",\"t\":%ld,\"pid\":%d,\"name\":\"%s\","
           "\"signal\":%d,\"code\":%d,\"alarm\":%d}",
           (long)now_us(), pid, name, killed ? info.si_status : 0,
           killed ? 0 : info.si_status, arena_word(ARENA_ALARM_US));
  close(pidfd);
}

static void note_end(struct guard *told, int revents) {
  if (told->pidfd < 0 || !revents)
    return;
  note_death(told->event, told->pid, told->pidfd);
  told->pidfd = -1;
}

static int is_remarkable(const char *line) {
  static const char *const words[] = {
      "invoked oom-killer", "Killed process", "oom_reaper", "Oops",
      "BUG",                "stall",          "page allocation failure",
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(line, words[i]))
      return 1;
  return 0;
}

static void read_kmsg(void) {
  static char record[4096];
  ssize_t bytes;
  while ((bytes = read(kmsg_fd, record, sizeof record - 1)) > 0) {
    record[bytes] = 0;
    const char *line = strchr(record, ';');
    const char *end = line ? strchr(line, '\n') : NULL;
    if (end && is_remarkable(line))
      out_text("kernel", line + 1, (size_t)(end - line - 1));
  }
}

// Waits for something to happen, at most until the next sample, and notes it.
static void turn(int64_t until_us) {
  struct pollfd fds[PROCS_MAX + 5];
  for (int i = 0; i < scene.proc_count; i++)
    fds[i] = (struct pollfd){.fd = scene.procs[i].pidfd, .events = POLLIN};
  struct pollfd *rest = fds + scene.proc_count;
  rest[0] = (struct pollfd){.fd = guard.pidfd, .events = POLLIN};
  rest[1] = (struct pollfd){.fd = guard.pipe_fd, .events = POLLIN};
  rest[2] = (struct pollfd){.fd = kmsg_fd, .events = POLLIN};
  rest[3] = (struct pollfd){.fd = client.pidfd, .events = POLLIN};
  rest[4] = (struct pollfd){.fd = client.pipe_fd, .events = POLLIN};
  const int64_t wait_us = until_us - now_us();
  const struct timespec timeout = {.tv_nsec = wait_us > 0 ? wait_us * 1000 : 0};
  ppoll(fds, (nfds_t)scene.proc_count + 5, &timeout, NULL);
  if (rest[1].revents)
    guard_read(&guard);
  if (rest[4].revents)
    guard_read(&client);
  for (int i = 0; i < scene.proc_count; i++) {
    struct proc *proc = &scene.procs[i];
    if (proc->pidfd < 0 || !fds[i].revents)
      continue;
    note_death(proc->name, proc->pid, proc->pidfd);
    proc->pidfd = -1;
    if (!scene.trial) // there, not everybody is the runner's to remove
      ams_remove(socket_fd, proc->pid);
  }
  note_end(&guard, rest[0].revents);
  note_end(&client, rest[3].revents);
  if (rest[2].revents)
    read_kmsg();
  out_drain();
}

// Samples until the time is up, or until `is_over` says so: 1 then.
int stage_run(int64_t limit_us, int (*is_over)(void)) {
  static int64_t next_us;
  const int64_t until_us = now_us() + limit_us;
  while (now_us() < until_us) {
    if (now_us() >= next_us) {
      sample();
      next_us += scene.sample_us;
      if (next_us < now_us()) // held up: no burst of samples to catch up
        next_us = now_us() + scene.sample_us;
    }
    const int64_t next_look_us = now_us() + STRIKE_LOOK_US;
    int64_t wake_us = next_us < until_us ? next_us : until_us;
    if (strike_pending() && wake_us > next_look_us)
      wake_us = next_look_us;
    turn(wake_us);
    strike_look();
    strike_mend();
    if (is_over && is_over())
      return 1;
  }
  return 0;
}

void stage_await_guard(void) {
  if (!scene.guard_argv[0] && !scene.guard_comm)
    return;
  const int64_t start_us = now_us();
  guard.ready_word = scene.ready_word;
  guard.has_group = group_make_guard();
  if (scene.guard_argv[0])
    guard_start(&guard, scene.guard_argv);
  while (now_us() - start_us < scene.ready_us) {
    if (scene.guard_comm && guard.pidfd < 0)
      guard_find(&guard, scene.guard_comm);
    else if (guard.pidfd < 0) // it died
      break;
    if (scene.socket_path && access(scene.socket_path, F_OK) == 0)
      socket_fd = ams_connect(scene.socket_path);
    if (socket_fd >= 0 || guard.is_ready)
      break;
    stage_run(READY_LOOK_US, NULL);
  }
  arena_open(guard.pid);
  out_line("{\"e\":\"ready\",\"t\":%ld,\"ms\":%ld,\"pid\":%d,\"socket\":%s}",
           (long)now_us(), (long)(now_us() - start_us) / 1000, guard.pid,
           socket_fd >= 0 ? "true" : "false");
  if (scene.target_count > 0)
    ams_target(socket_fd, scene.targets, scene.target_count);
}

static int is_settled(void) {
  return guard.pidfd < 0 || !scene.arena[ARENA_LOCKED] ||
         arena_word(ARENA_LOCKED) != 0;
}

// The last that a guard does before it is all there is to lock its memory.
void stage_await_settled(void) {
  stage_run(scene.ready_us, is_settled);
}

int stage_has_reached(int slot, int reached) {
  return scene.procs[slot].pidfd < 0 ||
         atomic_load(&shared->cells[slot].stage) >= reached;
}

void stage_await(int slot, int reached) {
  const int64_t until_us = now_us() + STAGE_US;
  while (!stage_has_reached(slot, reached) && now_us() < until_us)
    stage_run(STAGE_LOOK_US, NULL);
}

void stage_open(const char *out_path) {
  out_open(out_path);
  hold_fast();
  probe_open();
  kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  lseek(kmsg_fd, 0, SEEK_END);
}
