// The guard, or the client, as the runner's child: started the way init starts
// a service (almost no environment, no HOME), its output turned into events.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scene.h"

enum { PIPE_BYTES = 1 << 18 }; // a burst of log lines must not hold the guard

void guard_start(struct guard *guard, char **argv) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) < 0)
    die("pipe");
  fcntl(pipe_fds[0], F_SETPIPE_SZ, PIPE_BYTES);
  fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
  guard->pipe_fd = pipe_fds[0];
  guard->pid = fork();
  if (guard->pid < 0)
    die("fork the guard");
  if (guard->pid == 0) {
    char *environment[] = {"PATH=/bin", NULL};
    const int adj_fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (adj_fd < 0 || write(adj_fd, "0", 1) != 1)
      _exit(71);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(pipe_fds[1], 1);
    dup2(pipe_fds[1], 2);
    if (guard->has_group)
      group_enter_guard();
    if (nice(20) == -1) // back to 0: the runner's own -20 is not the guard's
      _exit(71);
    execve(argv[0], argv, environment);
    dprintf(2, "cannot start %s\n", argv[0]);
    _exit(71);
  }
  close(pipe_fds[1]);
  guard->pidfd = (int)syscall(SYS_pidfd_open, guard->pid, 0);
}

// A guard that init has started before the runner: whoever has this name. It is
// no child, so of its death no signal is told.
void guard_find(struct guard *guard, const char *comm) {
  DIR *procs = opendir("/proc");
  char path[sizeof "/proc//comm" + 16], name[32];
  for (struct dirent *one; procs && (one = readdir(procs));) {
    const int pid = atoi(one->d_name);
    if (pid <= 0)
      continue;
    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t bytes = fd < 0 ? 0 : read(fd, name, sizeof name - 1);
    if (fd >= 0)
      close(fd);
    name[bytes > 0 ? bytes - 1 : 0] = 0; // the file ends in a newline
    if (strcmp(name, comm) != 0)
      continue;
    guard->pid = pid;
    guard->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    guard->is_ready = !guard->ready_word;
    break;
  }
  if (procs)
    closedir(procs);
}

void guard_read(struct guard *guard) {
  static char bytes[8192];
  ssize_t count;
  while ((count = read(guard->pipe_fd, bytes, sizeof bytes)) > 0) {
    for (ssize_t i = 0; i < count; i++) {
      const int full = guard->line_bytes == sizeof guard->line;
      if (bytes[i] == '\n' || full) {
        out_text(guard->event, guard->line, guard->line_bytes);
        if (guard->ready_word && memmem(guard->line, guard->line_bytes,
                                        guard->ready_word,
                                        strlen(guard->ready_word)))
          guard->is_ready = 1;
        guard->line_bytes = 0;
        guard->line_count++;
      }
      if (bytes[i] != '\n')
        guard->line[guard->line_bytes++] = bytes[i];
    }
  }
  if (count == 0) { // the last writer is gone
    close(guard->pipe_fd);
    guard->pipe_fd = -1;
  }
}
