/* Stops one thread and no other: the argument is its id. Says "frozen", and
 * lets it go on when its standard input ends or a line comes; then it says
 * "released" and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  char line[16];
  int status;
  if (argc != 2) return 2;
  pid_t thread = (pid_t)atoi(argv[1]);
  if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0 ||
      ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0 ||
      waitpid(thread, &status, __WALL) != thread)
    return 3;
  if (write(1, "frozen\n", 7) != 7) return 4;
  if (read(0, line, sizeof line) < 0) return 5;
  if (ptrace(PTRACE_DETACH, thread, 0, 0) != 0) return 6;
  return write(1, "released\n", 9) == 9 ? 0 : 4;
}
