/* Starts the keeper without copying the guard's memory: what is locked would
 * have to be copied page by page, and there may be none left. Cold; every call
 * answers >= 0 or -errno. */
#include "internal.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define NR_PIDFD_OPEN 434
#define STACK_BYTES 16384

struct start {
  char path[32];
  char **args, **env;
  const int32_t *kept;
  int32_t kept_count;
  sigset_t mask;
  int error;
};

/* `bytes` of texts that end with a NUL each, as a list; NULL: there is no
 * memory for it. */
static char **list_of(char *texts, int32_t bytes) {
  size_t count = 0;
  for (int32_t i = 0; i < bytes; i++) count += texts[i] == '\0';
  char **list = calloc(count + 1, sizeof *list);
  if (list == NULL) return NULL;
  for (size_t i = 0; i < count; i++, texts += strlen(texts) + 1)
    list[i] = texts;
  return list;
}

/* The child, in the guard's memory: it calls the kernel and nothing else. A
 * handler of the guard's must not run in it. */
static int run(void *given) {
  struct start *start = given;
  struct sigaction usual = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    sigaction(number, &usual, NULL);
  sigprocmask(SIG_SETMASK, &start->mask, NULL);
  for (int32_t i = 0; i < start->kept_count; i++)
    fcntl(start->kept[i], F_SETFD, 0);
  execve(start->path, start->args, start->env);
  start->error = errno;
  return 127;
}

static int32_t clone_and_run(struct start *start) {
  static char stack[STACK_BYTES] __attribute__((aligned(16)));
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &start->mask);
  int32_t pid = result(clone(run, stack + sizeof stack,
                             CLONE_VM | CLONE_VFORK | SIGCHLD, start));
  pthread_sigmask(SIG_SETMASK, &start->mask, NULL);
  if (pid < 0 || start->error == 0) return pid;
  waitpid(pid, NULL, 0);
  return -start->error;
}

/* Ends a child that has not been waited for: its pid is its own. */
static void end_child(int32_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

/* Runs `program`, an open file, with `args` and `env` as list_of() has them.
 * It gets the descriptors `fds` of ours besides the first three. Answers its
 * pidfd, watched under `tag` with its pid for the detail; MB_PID is that
 * pid. One that cannot be watched is ended: nobody would know of it. */
int32_t shim_spawn(int32_t program, char *args, int32_t args_bytes, char *env,
                   int32_t env_bytes, const int32_t *fds, int32_t count,
                   int32_t tag) {
  struct start start = {.args = list_of(args, args_bytes),
                        .env = list_of(env, env_bytes),
                        .kept = fds,
                        .kept_count = count};
  snprintf(start.path, sizeof start.path, "/proc/self/fd/%d", program);
  int32_t pid = -ENOMEM;
  if (start.args != NULL && start.env != NULL) pid = clone_and_run(&start);
  free(start.args);
  free(start.env);
  if (pid < 0) return pid;
  int32_t pidfd = result(syscall(NR_PIDFD_OPEN, pid, 0U));
  if (pidfd >= 0)
    pidfd = kept(pidfd, watch(pidfd, EPOLLIN | EPOLLET, tag, pid) == 0);
  if (pidfd < 0) end_child(pid);
  mailbox[MB_PID] = pid;
  return pidfd;
}

/* How a child that has ended did: its status as wait(2) tells it; -EAGAIN: it
 * runs. */
int32_t shim_bury(int32_t pid, int32_t waits) {
  int status = 0;
  pid_t ended;
  do ended = waitpid(pid, &status, waits ? 0 : WNOHANG);
  while (ended < 0 && errno == EINTR);
  return ended == 0 ? -EAGAIN : ended < 0 ? -errno : status;
}
