/* The keeper: a program of its own that outlives the guard. It opens all it
 * needs at start and from then on only reads, writes, waits and signals, but
 * to start the guard again. It decides nothing about processes: when the guard
 * is silent or dead and memory is short, the kernel's killer chooses.
 *
 *   keeper guard=PID settings=BYTES gauges=BYTES arena=FILE [WORD...] --
 *     ARGUMENT...
 *
 * FILE is a path, or the number of a descriptor handed down. Further words:
 *   child=1        the guard is the parent: one that is not has ended
 *   journal=FILE   where acts are recorded
 *   named=PATH     names whoever holds the guard's lock; read once it died, by
 *                  its path, for it may be replaced; without it a keeper that
 *                  may not start the guard ends with it
 *   meminfo=FILE   what tells that memory is short, or, of a memory group,
 *   usage=FILE limit=FILE
 *   sysrq=FILE     calls the kernel's killer; none where a group is guarded
 *   give=FILE=TEXT written when the guard is dead, or silent and memory short
 *   exe=FILE path=PATH ARGUMENT...   how to start the guard again
 *   init=1         restart "auto" leaves it to init
 *   starts="COUNT MS..."   restarts so far, and when the last ones were
 *   hung=MS        longest silence that any guard is allowed, and longest
 *                  time in which a new one has a keeper of its own; 60 s
 *
 * Exit: 0 done, 2 a word is wrong. */
#include "keeper_sys.h"

#include "keeper.h"
#include "record.h"

#define GIVES_MAX 64
#define STACK_BYTES 4096 /* of a child that has not run its program yet */
#define STARTS_KEPT 5
#define STARTS_WITHIN_MS 60000 /* as many starts within this at once, */
#define STARTS_APART_MS 10000  /* then one in this */
#define CALL_MS 500            /* the kernel's killer is called this often, */
#define BACK_MS 500 /* and given this to bring memory back before a start */
#define CALM_MS 1000
#define GRACE_MS 20 /* for a guard that was held up together with the keeper */
#define SHORT_TIMES 10 /* silences of keeperMs, memory short, to be killed */

static int guard_pid = -1, guard_fd = -1, arena_fd = -1, journal_fd = -1;
static int meminfo_fd = -1, usage_fd = -1, limit_fd = -1;
static int sysrq_fd = -1, exe_fd = -1, is_inits, is_child;
static int64_t settings_at = -1, gauges_at = -1, hung_ms = 60000;
static const char *exe_path = "", *named_path;
static char **guard_args, **guard_env;

static struct give {
  int fd;
  const char *text;
} gives[GIVES_MAX];
static int give_count;

/* Which file `named` is, and when it was last written; as it was at start. */
static struct version {
  uint64_t file, s, ns;
} named_first;

static volatile int32_t *mailbox, *settings, *gauges;
static int32_t started_ms, called_ms, serial;
static int is_called;
static int64_t start_count, starts_ms[STARTS_KEPT];

static int child_pid, child_fd = -1, hand_over_fd = -1, hand_over_end = -1;
static int32_t child_ms;

/* Names the word that is wrong, and ends. */
static _Noreturn void refuse(const char *word) {
  static const char why[] = "keeper: a word is wrong or missing: ";
  SYS3(write, 2, why, sizeof why - 1);
  SYS3(write, 2, word, length_of(word));
  SYS3(write, 2, "\n", 1);
  for (;;) SYS1(exit_group, 2);
}

static _Noreturn void done(void) {
  for (;;) SYS1(exit_group, 0);
}

/* Less is left than the guard keeps in reserve; what cannot be told is not. */
static int is_short(int64_t *left_kb) {
  int64_t used = read_number(usage_fd, ""), limit = read_number(limit_fd, "");
  *left_kb = read_number(meminfo_fd, "MemAvailable:");
  if (used >= 0 && limit >= 0)
    *left_kb = limit > used ? (limit - used) / 1024 : 0;
  return *left_kb >= 0 && *left_kb < settings[SET_RESERVE_KB];
}

static void record(int how, int pid, int64_t value, int64_t left_kb) {
  static int32_t words[JOURNAL_WORDS];
  int64_t s, ms = clock_ms(REALTIME, &s);
  record_begin(words, KIND_KEEPER, s, (int32_t)ms);
  words[J_PID] = pid;
  words[J_DETAIL] = how;
  words[J_VALUE] = (int32_t)value;
  words[J_AVAILABLE_KB] = (int32_t)left_kb;
  record_seal(words, ++serial);
  if (journal_fd >= 0)
    SYS4(pwrite64, journal_fd, words, sizeof words,
         record_offset(RING_KEEPER, serial));
}

/* Goes on numbering where an earlier keeper ended. A record that is not sealed
 * is torn, and its serial is no number. */
static void restore_serial(void) {
  int32_t words[JOURNAL_WORDS];
  for (int32_t slot = 1; slot <= SIDE_RECORDS && journal_fd >= 0; slot++) {
    long n = SYS4(pread64, journal_fd, words, sizeof words,
                  record_offset(RING_KEEPER, slot));
    int32_t check = words[J_CHECK], found = words[J_SERIAL];
    if (n != sizeof words || found <= serial) continue;
    record_seal(words, found);
    if (words[J_CHECK] == check) serial = found;
  }
}

/* The process that `named` names, -1 for none. The path is opened each time:
 * whoever guards next may have replaced the file. */
static int64_t read_named(struct version *version) {
  struct stat is = {0};
  int fd = named_path == NULL
               ? -1
               : (int)SYS4(openat, AT_FDCWD, named_path, O_RDONLY | O_CLOEXEC,
                           0);
  if (fd < 0) return -1;
  int64_t holder = read_number(fd, "");
  SYS2(fstat, fd, &is);
  SYS1(close, fd);
  *version = (struct version){is.st_ino, (uint64_t)is.st_mtime,
                              (uint64_t)is.st_mtime_nsec};
  return holder;
}

/* Whether another guards by now. Where few processes ever ran, as in a
 * container, it may have the pid of the one that died: then it is known by its
 * having written the file. */
static int is_guarded(void) {
  struct version is = named_first;
  int64_t holder = read_named(&is);
  int is_new = is.file != named_first.file || is.s != named_first.s ||
               is.ns != named_first.ns;
  return holder > 0 && (is_new || holder != guard_pid) &&
         SYS2(kill, holder, 0) == 0;
}

static int may_call(void) {
  return sysrq_fd >= 0 && settings[SET_DRY_RUN] == 0;
}

/* Has the kernel's killer kill whom it is armed with; not too often. */
static void call_kernel(int32_t silent_ms, int64_t left_kb) {
  if (!may_call() || (is_called && since(called_ms) < CALL_MS)) return;
  is_called = 1;
  called_ms = now_ms();
  int pid = gauges[G_NEXT_PID];
  SYS4(pwrite64, sysrq_fd, "f", 1, 0);
  record(KEEPER_CALLED, pid, silent_ms, left_kb);
}

static void give_back(int32_t silent_ms, int64_t left_kb) {
  for (int i = 0; i < give_count; i++)
    SYS4(pwrite64, gives[i].fd, gives[i].text, length_of(gives[i].text), 0);
  if (give_count > 0)
    record(KEEPER_GAVE_BACK, guard_pid, silent_ms, left_kb);
}

/* Memory is not short: a call long ago must not look recent once the clock has
 * wrapped. */
static void forget_call(void) {
  if (since(called_ms) >= CALL_MS) is_called = 0;
}

/* How long the guard's next beat has been due, ms; before its first, since the
 * keeper's start. */
static int32_t overdue_ms(void) {
  return since(mailbox[MB_BEAT] == 0 ? started_ms : mailbox[MB_DUE_MS]);
}

/* Ends a guard that hangs, and returns when it is dead. One that waits in the
 * kernel dies of SIGKILL only later: until then memory is kept all the same. */
static void end_guard(void) {
  int64_t left_kb;
  is_short(&left_kb);
  record(KEEPER_ENDED, guard_pid, overdue_ms(), left_kb);
  sys(NR_PIDFD_SEND_SIGNAL, guard_fd, SIGKILL, 0, 0, 0);
  while (!is_over(guard_fd, CALL_MS)) {
    if (is_short(&left_kb)) call_kernel(overdue_ms(), left_kb);
    else forget_call();
  }
}

/* Returns when the guard is dead. One that is stopped with memory to spare is
 * let be, but not for ever: nobody guards meanwhile. Before anything is done to
 * one it has a moment to run: what held it up may have held up the keeper too,
 * which has the higher priority. */
static void watch_guard(void) {
  int32_t short_ms = 0;
  int was_short = 0, was_late = 0, was_hung = 0;
  for (;;) {
    int32_t late_ms = overdue_ms(), most_ms = settings[SET_KEEPER_MS];
    int64_t left_kb;
    if (settings[SET_KEEPER] == 0 || gauges[G_STATE] == STATE_STOPPED) done();
    if (late_ms < most_ms) {
      was_short = was_late = was_hung = is_called = 0;
      if (is_over(guard_fd, most_ms - late_ms)) return;
      continue;
    }
    if (!was_late) {
      was_late = 1;
      if (is_over(guard_fd, GRACE_MS)) return;
      continue;
    }
    if (!is_short(&left_kb)) {
      was_short = 0;
      forget_call();
    } else if (!was_short) {
      was_short = 1;
      short_ms = now_ms();
      give_back(late_ms, left_kb);
    }
    if (was_short) call_kernel(late_ms, left_kb);
    int is_hung = late_ms >= most_ms + hung_ms ||
                  (was_short && since(short_ms) >= SHORT_TIMES * most_ms);
    if (is_hung && was_hung) return end_guard();
    was_hung = is_hung;
    int32_t rest_ms = most_ms < CALL_MS ? most_ms : CALL_MS;
    if (is_over(guard_fd, is_hung ? GRACE_MS : rest_ms)) return;
  }
}

/* The words by which a new guard's keeper goes on from here, where the guard
 * left room for them. */
static void put_hand_over(int fd) {
  static char text[128];
  static const char name[] = "OOMGUARD_RESTARTED=";
  char *at = text;
  for (const char *from = name; *from != '\0';) *at++ = *from++;
  at = put_number(at, fd);
  at = put_number(at, start_count);
  for (int i = 0; i < STARTS_KEPT; i++) at = put_number(at, starts_ms[i]);
  at[-1] = '\0';
  for (char **one = guard_env; *one != NULL; one++)
    if (after(*one, name) != NULL) *one = text;
}

/* The child, in the keeper's memory: it calls the kernel and nothing else. */
static void run_guard(void) {
  struct sigaction usual = {0};
  SYS4(rt_sigaction, SIGHUP, &usual, 0, 8);
  SYS4(rt_sigaction, SIGINT, &usual, 0, 8);
  SYS3(fcntl, hand_over_end, F_SETFD, 0);
  SYS3(execve, exe_path, guard_args, guard_env);
  SYS5(execveat, exe_fd, "", guard_args, guard_env, AT_EMPTY_PATH);
  for (;;) SYS1(exit_group, 127);
}

/* As the guard was started. The child has the keeper's memory until it runs the
 * program, and a stack of its own: the keeper does not wait for it, for without
 * memory that may take long. There is never a second child. */
static void start_guard(void) {
  static char stack[STACK_BYTES] __attribute__((aligned(16)));
  int ends[2] = {-1, -1};
  int64_t s, ms = clock_ms(MONOTONIC, &s);
  for (int i = STARTS_KEPT - 1; i > 0; i--) starts_ms[i] = starts_ms[i - 1];
  starts_ms[0] = s * 1000 + ms;
  start_count++;
  if (SYS2(pipe2, ends, O_CLOEXEC) < 0) return;
  hand_over_end = ends[1];
  put_hand_over(hand_over_end);
  long pid = sys_clone(CLONE_VM | SIGCHLD, stack + sizeof stack, run_guard);
  SYS1(close, ends[1]);
  if (pid <= 0) {
    SYS1(close, ends[0]);
    return;
  }
  child_ms = now_ms();
  child_pid = (int)pid;
  child_fd = (int)sys(NR_PIDFD_OPEN, pid, 0, 0, 0, 0);
  hand_over_fd = ends[0];
  record(KEEPER_STARTED, child_pid, start_count, -1);
}

/* Whether it may be started by now: a few at once, then one in a while. */
static int may_start(void) {
  int64_t s, ms = clock_ms(MONOTONIC, &s);
  int64_t now = s * 1000 + ms, fifth = starts_ms[STARTS_KEPT - 1];
  if (fifth == 0 || now - fifth >= STARTS_WITHIN_MS) return 1;
  return now - starts_ms[0] >= STARTS_APART_MS;
}

/* Follows a guard that was started until it has a keeper of its own, or has
 * ended: not by mistake, or because another guards, it is started again. */
static void follow_child(int32_t most_ms) {
  struct pollfd both[2] = {{.fd = child_fd, .events = POLLIN},
                           {.fd = hand_over_fd, .events = POLLIN}};
  struct clock wait = {most_ms / 1000, most_ms % 1000 * 1000000};
  char byte;
  int status = 0;
  SYS5(ppoll, both, 2, &wait, 0, 0);
  if (both[1].revents != 0) {
    if (SYS3(read, hand_over_fd, &byte, 1) == 1) done();
    SYS1(close, hand_over_fd);
    hand_over_fd = -1;
  }
  if (since(child_ms) >= hung_ms)
    sys(NR_PIDFD_SEND_SIGNAL, child_fd, SIGKILL, 0, 0, 0);
  if (SYS4(wait4, child_pid, &status, WNOHANG, 0) != child_pid) return;
  int code = (status & 0x7f) == 0 ? status >> 8 & 0xff : -1;
  if (code == 0 || code == EXIT_ALREADY) done();
  SYS1(close, child_fd);
  if (hand_over_fd >= 0) SYS1(close, hand_over_fd);
  child_fd = hand_over_fd = -1;
  child_pid = 0;
}

/* The guard is dead: what keeps the system safe until there is another. */
static _Noreturn void replace_guard(void) {
  int32_t died_ms = now_ms(), restart = settings[SET_RESTART];
  int64_t left_kb;
  int starts = exe_fd >= 0 && (restart == RESTART_ALWAYS ||
                               (restart == RESTART_AUTO && !is_inits));
  if (gauges[G_STATE] == STATE_STOPPED || settings[SET_KEEPER] == 0) done();
  is_called = 0;
  int was_short = is_short(&left_kb), is_given = 0;
  give_back(0, left_kb);
  for (;; was_short = is_short(&left_kb)) {
    if (since(died_ms) >= BACK_MS) is_given = 1;
    if (was_short) call_kernel(since(died_ms), left_kb);
    else forget_call();
    int rest_ms = was_short ? CALL_MS : CALM_MS;
    if (child_pid > 0) {
      follow_child(rest_ms);
    } else if (starts && was_short && may_call() && !is_given) {
      is_over(-1, 20);
    } else if (starts && may_start()) {
      start_guard();
    } else if (!starts && (!may_call() || named_path == NULL)) {
      done();
    } else {
      if (is_guarded()) done();
      is_over(-1, rest_ms);
    }
  }
}

/* What keeps the keeper itself alive and prompt; nothing of it is vital, and
 * the guard's status shows what holds. */
static void protect_self(void) {
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  int32_t fifo = settings[SET_FIFO] + 2, held = SELF_KEEPER;
  SYS5(prctl, PR_SET_NAME, "oomguard-keeper", 0, 0, 0);
  SYS4(rt_sigaction, SIGHUP, &ignore, 0, 8);
  SYS4(rt_sigaction, SIGINT, &ignore, 0, 8);
  SYS0(setsid);
  int fd = opened("/proc/self/oom_score_adj", O_WRONLY);
  if (fd >= 0 && SYS3(write, fd, "-1000", 5) == 5) held |= SELF_ADJ;
  if (fd >= 0) SYS1(close, fd);
  if (SYS5(prctl, SET_THP_DISABLE, 1, 0, 0, 0) == 0) held |= SELF_NO_THP;
  if (SYS1(mlockall, MCL_CURRENT | MCL_FUTURE) == 0) held |= SELF_LOCKED;
  if (fifo > 2 &&
      SYS3(sched_setscheduler, 0, FIFO | RESET_ON_FORK, &fifo) == 0)
    held |= SELF_FIFO;
  if (sysrq_fd >= 0) held |= SELF_ARMED;
  gauges[G_KEEPER_SELF] = held;
}

static void add_give(char *word, char *value) {
  char *end = value + length_of(value);
  while (end > value && *end != '=') end--;
  if (give_count == GIVES_MAX || end == value) refuse(word);
  *end = '\0';
  int fd = opened(value, O_WRONLY);
  if (fd < 0) return;
  gives[give_count++] = (struct give){fd, end + 1};
}

static void take_starts(const char *text) {
  start_count = number_in(text);
  for (int i = -1; i < STARTS_KEPT && *text != '\0'; text++) {
    if (i >= 0 && (text[-1] == ' ')) starts_ms[i] = number_in(text);
    if (*text == ' ') i++;
  }
}

static void take_word(char *word) {
  static const struct file {
    const char *key;
    int *fd, flags;
  } files[] = {
      {"arena=", &arena_fd, O_RDWR},     {"journal=", &journal_fd, O_RDWR},
      {"meminfo=", &meminfo_fd, O_RDONLY}, {"usage=", &usage_fd, O_RDONLY},
      {"limit=", &limit_fd, O_RDONLY},   {"sysrq=", &sysrq_fd, O_WRONLY},
      {"exe=", &exe_fd, O_RDONLY},
  };
  static const struct number {
    const char *key;
    int64_t *value;
  } numbers[] = {{"settings=", &settings_at},
                 {"gauges=", &gauges_at},
                 {"hung=", &hung_ms}};
  const char *value;
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
    if ((value = after(word, files[i].key)) != NULL) {
      *files[i].fd = opened(value, files[i].flags);
      return;
    }
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
    if ((value = after(word, numbers[i].key)) != NULL) {
      *numbers[i].value = number_in(value);
      return;
    }
  if ((value = after(word, "guard=")) != NULL)
    guard_pid = (int)number_in(value);
  else if ((value = after(word, "path=")) != NULL) exe_path = value;
  else if ((value = after(word, "named=")) != NULL) named_path = value;
  else if ((value = after(word, "starts=")) != NULL) take_starts(value);
  else if ((value = after(word, "give=")) != NULL) add_give(word, word + 5);
  else if (after(word, "init=1") != NULL)
    is_inits = 1;
  else if (after(word, "child=1") != NULL)
    is_child = 1;
  else refuse(word);
}

/* Maps the arena's head, up to its gauges. */
static void map_arena(void) {
  int64_t bytes = gauges_at + GAUGES_WORDS * 4, is;
  if (settings_at < MAILBOX_WORDS * 4 || settings_at % 4 != 0)
    refuse("settings");
  if (gauges_at < settings_at + SETTINGS_WORDS * 4 || gauges_at % 4 != 0)
    refuse("gauges");
  is = arena_fd < 0 ? -1 : SYS3(lseek, arena_fd, 0, 2 /* SEEK_END */);
  if (is < bytes) refuse("arena");
  long map =
      sys_mmap((size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena_fd);
  if (map < 0 && map > -4096) refuse("arena");
  mailbox = (int32_t *)map;
  settings = (int32_t *)(map + settings_at);
  gauges = (int32_t *)(map + gauges_at);
}

_Noreturn void keeper_start(long *stack);
_Noreturn void keeper_start(long *stack) {
  int64_t left_kb;
  guard_args = (char **)(stack + 1);
  guard_env = guard_args + *stack + 1;
  if (*stack > 0) guard_args++;
  for (; *guard_args != NULL && after(*guard_args, "--") == NULL; guard_args++)
    take_word(*guard_args);
  if (*guard_args == NULL) refuse("--");
  guard_args++;
  if (guard_pid < 1) refuse("guard");
  guard_fd = (int)sys(NR_PIDFD_OPEN, guard_pid, 0, 0, 0, 0);
  if (guard_fd < 0 && !is_child) refuse("guard");
  map_arena();
  started_ms = now_ms();
  restore_serial();
  /* What these reads allocate in the kernel is there from now on. */
  is_short(&left_kb);
  read_named(&named_first);
  protect_self();
  /* Whoever has the pid of a parent that has ended is another. */
  if (!is_child || (guard_fd >= 0 && SYS0(getppid) == guard_pid))
    watch_guard();
  replace_guard();
}
