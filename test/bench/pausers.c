/* Victims and candidates for the benches: for each line "N" read, N children
 * that do nothing and end with their parent; answers a line of their process
 * ids. At the end of its input it ends those that are left, through pidfds, and
 * goes when all have gone. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN_MAX 65536
#define NR_PIDFD_SEND_SIGNAL 424

static int pidfds[CHILDREN_MAX];
static int made;

static void idle(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (getppid() == parent) pause();
  _exit(0);
}

/* One table of descriptors for all: a copy for each child of a pidfd for each
 * would take 100 MB for ten thousand. */
static pid_t start(pid_t self) {
  unsigned long flags = CLONE_FILES | CLONE_PIDFD | SIGCHLD;
  if (made == CHILDREN_MAX) return -1;
  pid_t child =
      (pid_t)syscall(SYS_clone, flags, NULL, &pidfds[made], NULL, NULL);
  if (child == 0) idle(self);
  if (child > 0) made++;
  return child;
}

int main(void) {
  char line[16];
  pid_t self = getpid();
  struct rlimit files = {CHILDREN_MAX + 64, CHILDREN_MAX + 64};
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGCHLD, SIG_IGN); /* the kernel reaps them */
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int i = atoi(line); i > 0; i--) {
      pid_t child = start(self);
      if (child < 0) return 1;
      printf("%d ", child);
    }
    printf("\n");
    fflush(stdout);
  }
  for (int i = 0; i < made; i++)
    syscall(NR_PIDFD_SEND_SIGNAL, pidfds[i], SIGKILL, NULL, 0);
  while (wait(NULL) >= 0 || errno == EINTR) {
  }
  return 0;
}
