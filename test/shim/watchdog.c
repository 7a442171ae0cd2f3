/* The watchdog thread's choice and signal, and what of the shim beside it may
 * fail, driven from within: the calls that can be refused are refused here by
 * --wrap. Argument: a case. Exits 1 with the line that is not as expected. */
#include "../../ffi/watchdog.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ARENA_BYTES (AT_TITLES + VICTIMS_MAX * TITLE_BYTES)
#define POPULATE_WRITE 23
/* PTHREAD_STACK_MIN of glibc on aarch64. */
#define STACK_BYTES_LEAST 131072
#define BEAT 7
#define ADJ 900

static void expect(int well, int line) {
  if (well) return;
  fprintf(stderr, "watchdog.c:%d: not as expected, errno %d\n", line, errno);
  exit(1);
}
#define EXPECT(condition) expect(condition, __LINE__)

/* What is refused, and where the ballast was when it was. */
static int refuses_mprotect, refuses_populate, refuses_stacks;
static void *populated_at;
static size_t populated_bytes;

int __real_mprotect(void *at, size_t bytes, int prot);
int __wrap_mprotect(void *at, size_t bytes, int prot);
int __wrap_mprotect(void *at, size_t bytes, int prot) {
  if (!refuses_mprotect) return __real_mprotect(at, bytes, prot);
  errno = ENOMEM;
  return -1;
}

int __real_madvise(void *at, size_t bytes, int advice);
int __wrap_madvise(void *at, size_t bytes, int advice);
/* Populating comes half the way. */
int __wrap_madvise(void *at, size_t bytes, int advice) {
  if (!refuses_populate || advice != POPULATE_WRITE)
    return __real_madvise(at, bytes, advice);
  populated_at = at;
  populated_bytes = bytes;
  memset(at, 1, bytes / 2);
  errno = ENOMEM;
  return -1;
}

int __real_pthread_attr_setstack(pthread_attr_t *to, void *at, size_t bytes);
int __wrap_pthread_attr_setstack(pthread_attr_t *to, void *at, size_t bytes);
int __wrap_pthread_attr_setstack(pthread_attr_t *to, void *at, size_t bytes) {
  if (refuses_stacks || bytes < STACK_BYTES_LEAST) return EINVAL;
  return __real_pthread_attr_setstack(to, at, bytes);
}

int __real_pthread_attr_setstacksize(pthread_attr_t *to, size_t bytes);
int __wrap_pthread_attr_setstacksize(pthread_attr_t *to, size_t bytes);
int __wrap_pthread_attr_setstacksize(pthread_attr_t *to, size_t bytes) {
  if (refuses_stacks || bytes < STACK_BYTES_LEAST) return EINVAL;
  return __real_pthread_attr_setstacksize(to, bytes);
}

static pid_t child(void) {
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  for (;;) pause();
}

static int32_t adopt(pid_t pid) {
  mailbox[MB_PID] = pid;
  int32_t pidfd = shim_adopt();
  EXPECT(pidfd >= 0);
  if (mailbox[MB_STATUS_FD] >= 0) shim_shut(mailbox[MB_STATUS_FD]);
  return pidfd;
}

/* Alive; who is not is buried. */
static int lives(pid_t pid) {
  return waitpid(pid, NULL, WNOHANG) == 0;
}

static void bury(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
}

/* A row with a pidfd, real or not, in band 9. */
static int32_t *add_row(int32_t pid, int32_t pidfd, int32_t rss_kb) {
  int32_t *gauges = words_at(AT_GAUGES);
  int32_t *row = words_at(AT_VICTIMS) + gauges[G_ROWS_USED]++ * VICTIM_WORDS;
  row[V_PID] = pid;
  row[V_ADJ] = ADJ;
  row[V_PIDFD] = pidfd;
  row[V_FLAGS] = ROW_LISTED;
  row[V_RSS_KB] = rss_kb;
  return row;
}

static void begin_silence(void) {
  int32_t *settings = words_at(AT_SETTINGS), *gauges = words_at(AT_GAUGES);
  settings[SET_WATCHDOG_MS] = 100;
  settings[SET_CULPRIT_KB] = 1000;
  gauges[G_NEXT_ROW] = -1;
  mailbox[MB_BEAT] = BEAT;
  mailbox[MB_DUE_MS] = now_ms() - 1000;
  death_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void try_choice(void) {
  begin_silence();
  int32_t *gauges = words_at(AT_GAUGES);
  EXPECT(choose().row == NULL);
  int32_t *small = add_row(101, 0, 1000), *large = add_row(102, 0, 2000);
  int32_t *important = add_row(103, 0, 9000);
  important[V_ADJ] = 100;
  EXPECT(choose().row == large);
  /* One that grew by much comes before; by little, not; nor an important. */
  small[V_GROWN_KB] = 999;
  important[V_GROWN_KB] = 9000;
  EXPECT(choose().row == large);
  small[V_GROWN_KB] = 1000;
  EXPECT(choose().row == small);
  large[V_GROWN_KB] = 1001;
  EXPECT(choose().row == large);
  small[V_GROWN_KB] = large[V_GROWN_KB] = 0;
  /* The published one comes first, as long as it is what it was. */
  gauges[G_NEXT_ROW] = 0;
  gauges[G_NEXT_PID] = 101;
  gauges[G_NEXT_ADJ] = ADJ;
  EXPECT(choose().row == small && choose().pid == 101 && choose().adj == ADJ);
  gauges[G_NEXT_ADJ] = ADJ - 1;
  EXPECT(choose().row == large);
  gauges[G_NEXT_ADJ] = ADJ;
  gauges[G_NEXT_PID] = 100;
  EXPECT(choose().row == large);
  /* Who was killed by either thread is not chosen. */
  large[V_SILENT] = 1;
  EXPECT(choose().row == small);
  small[V_FLAGS] |= ROW_KILLED;
  EXPECT(choose().row == important);
}

static void try_signal(void) {
  begin_silence();
  const int32_t *gauges = words_at(AT_GAUGES);
  pid_t pid = child();
  int32_t *row = add_row(pid, adopt(pid), 1000);
  struct choice who = choose();
  EXPECT(who.row == row);
  /* The row became another's, or more important, since it was chosen. */
  row[V_PID]++;
  EXPECT(signal_chosen(&who, BEAT) == -EAGAIN);
  row[V_PID]--;
  row[V_ADJ]--;
  EXPECT(signal_chosen(&who, BEAT) == -EAGAIN);
  row[V_ADJ]++;
  EXPECT(signal_chosen(&who, BEAT - 1) == -EAGAIN);
  EXPECT(closing_try_lock());
  EXPECT(signal_chosen(&who, BEAT) == -EBUSY);
  closing_unlock();
  EXPECT(lives(pid) && row[V_SILENT] == 0 && gauges[G_WATCHDOG_KILLS] == 0);
  EXPECT(signal_chosen(&who, BEAT) == 0);
  /* Told at once, and in its own word: the flags are the reactor's. */
  EXPECT(gauges[G_WATCHDOG_KILLS] == 1 && row[V_SILENT] == 1);
  EXPECT(row[V_FLAGS] == ROW_LISTED);
  EXPECT(waitpid(pid, NULL, 0) == pid);
  EXPECT(choose().row == NULL);
  /* Refused: not tried again, and no kill. */
  int32_t *other = add_row(104, open("/dev/null", O_RDONLY), 1000);
  who = choose();
  EXPECT(who.row == other && signal_chosen(&who, BEAT) == -EBADF);
  EXPECT(other[V_SILENT] == -1 && gauges[G_WATCHDOG_KILLS] == 1);
  EXPECT(choose().row == NULL);
}

static void try_patience(void) {
  static const int32_t cases[][2] = {{0, 10000}, {50, 100}, {100, 100},
                                     {3000, 3000}, {60000, 60000}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    words_at(AT_SETTINGS)[SET_KILL_TIMEOUT_MS] = cases[i][0];
    EXPECT(death_ms() == cases[i][1]);
  }
}

/* Signalled twice before the reaper came to it: reaped, and closed, once. */
static void try_reaps(void) {
  pid_t pid = child();
  int32_t pidfd = adopt(pid);
  for (int i = 0; i < 2; i++) {
    mailbox[MB_FD] = pidfd;
    mailbox[MB_PID] = pid;
    EXPECT(shim_kill() == 0);
  }
  EXPECT(shim_close() == 0);
  EXPECT(fcntl(pidfd, F_GETFD) >= 0); /* held for the reaper */
  EXPECT(shim_start_threads() == 0);
  for (int tries = 0; load(&mailbox[MB_REAPS]) == 0 && tries < 1000; tries++)
    rest(1);
  rest(20);
  EXPECT(load(&mailbox[MB_REAPS]) == 1);
  EXPECT(fcntl(pidfd, F_GETFD) < 0);
  bury(pid);
}

static void try_ballast(void) {
  mailbox[MB_COUNT] = 64;
  refuses_mprotect = 1;
  EXPECT(shim_ballast_fill() == -ENOMEM);
  refuses_mprotect = 0;
  EXPECT(shim_ballast_fill() == 64);
  EXPECT(shim_ballast_release() == 64);
  /* What was populated before it was refused is given back. */
  refuses_populate = 1;
  EXPECT(shim_ballast_fill() == -ENOMEM);
  refuses_populate = 0;
  unsigned char resident[16] = {0};
  EXPECT(populated_bytes == sizeof resident * 4096);
  EXPECT(mincore(populated_at, populated_bytes, resident) == 0);
  for (size_t i = 0; i < sizeof resident; i++) EXPECT(!(resident[i] & 1));
  EXPECT(shim_ballast_release() == 0);
  EXPECT(shim_ballast_fill() == 64);
}

/* Stacks as large as aarch64 wants them, and a refusal is told. */
static void try_stacks(void) {
  const int32_t none[] = {-1, -1, -1, -1, -1};
  refuses_stacks = 1;
  EXPECT(shim_start_threads() == -EINVAL);
  EXPECT(shim_watchdog(-1, 0, none) == -EINVAL);
  refuses_stacks = 0;
  EXPECT(shim_start_threads() == 0);
  EXPECT(shim_watchdog(-1, 0, none) == 0);
  EXPECT(shim_watchdog(-1, 0, none) == -EBUSY);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    void (*run)(void);
  } cases[] = {{"choice", try_choice},     {"signal", try_signal},
               {"patience", try_patience}, {"reaps", try_reaps},
               {"ballast", try_ballast},   {"stacks", try_stacks}};
  void *base = NULL;
  EXPECT(shim_attach(ARENA_BYTES, AT_VICTIMS, &base) >= 0);
  EXPECT(shim_start() == 0);
  for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof cases[0]; i++) {
    if (strcmp(cases[i].name, argv[1]) != 0) continue;
    cases[i].run();
    return 0;
  }
  return 2;
}
