/* Victims for the bench: for each line "N" read, N children that do nothing and
 * end with their parent; answers a line of their process ids. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static void idle(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (getppid() == parent) pause();
  _exit(0);
}

int main(void) {
  char line[16];
  pid_t self = getpid();
  signal(SIGCHLD, SIG_IGN); /* the kernel reaps them */
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int i = atoi(line); i > 0; i--) {
      pid_t child = fork();
      if (child < 0) return 1;
      if (child == 0) idle(self);
      printf("%d ", child);
    }
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
