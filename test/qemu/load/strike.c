// The strike: what befalls the guard in a scene, and when. Stopped as a whole
// or with its main thread alone, or ended, at the start of the scene or when it
// begins to watch closely; what its status file said is told first.
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.h"

static int is_done, is_mended;

int strike_pending(void) {
  return scene.strike[0] && !is_done;
}

// A stop of one thread: the tracer's, as every signal stops the whole process.
static int stop_thread(int tid) {
  if (ptrace(PTRACE_SEIZE, tid, 0, 0) < 0 ||
      ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
    return -1;
  return waitpid(tid, NULL, __WALL) == tid ? 0 : -1;
}

static int strike(const char *how) {
  if (strcmp(how, "stop") == 0)
    return (int)syscall(SYS_pidfd_send_signal, guard.pidfd, SIGSTOP, NULL, 0);
  if (strcmp(how, "end") == 0)
    return (int)syscall(SYS_pidfd_send_signal, guard.pidfd, SIGKILL, NULL, 0);
  if (strcmp(how, "thread") == 0)
    return stop_thread(guard.pid);
  die(how);
  return -1;
}

// Strikes when its time has come.
void strike_look(void) {
  if (!strike_pending() || !scene.is_begun || guard.pidfd < 0)
    return;
  if (strcmp(scene.strike[1], "sprint") == 0 && arena_word(ARENA_STATE) == 0)
    return;
  is_done = 1;
  const int result = strike(scene.strike[0]);
  out_line("{\"e\":\"strike\",\"t\":%ld,\"how\":\"%s\",\"next\":%d,\"done\":%s}",
           (long)now_us(), scene.strike[0], arena_word(ARENA_NEXT),
           result == 0 ? "true" : "false");
  // The file is as the guard left it: nobody else writes it.
  report_file("before", scene.show_path);
}

// As ActivityManager does it when its guard has come back: connects, and tells
// who lives, and how important each is.
void strike_mend(void) {
  static int64_t next_us;
  if (!is_done || is_mended || guard.pidfd >= 0 || now_us() < next_us)
    return;
  next_us = now_us() + scene.sample_us;
  const int fd = ams_connect(scene.socket_path);
  if (fd < 0)
    return;
  close(socket_fd);
  socket_fd = fd;
  is_mended = 1;
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.procs[i].pidfd >= 0)
      ams_register(socket_fd, scene.procs[i].pid, scene.procs[i].uid,
                   scene.procs[i].adj);
  out_line("{\"e\":\"again\",\"t\":%ld}", (long)now_us());
}

int strike_is_mended(void) {
  return guard.pidfd >= 0 || is_mended;
}
