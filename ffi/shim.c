/* The guard's hands: system calls over one shared region, and the reaper
 * thread. Mechanism only: no policy, no printing, no allocation once started.
 * Every call answers >= 0 or -errno; EINTR is retried; every descriptor is
 * CLOEXEC; fd -1 means none. */
#include "internal.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#define NR_PROCESS_MRELEASE 448
#define POPULATE_WRITE 23 /* MADV_POPULATE_WRITE, 5.14 */
#define REAPS_MAX 64
#define FILES_MAX 65536
/* Whoever cannot wait for events looks this often, ms. */
#define BLIND_MS 10
#define INTERRUPTED_MS 1

char *arena;
int32_t arena_bytes;
int32_t *mailbox;
int epoll_fd = -1;
static int signal_fd = -1;
static atomic_int signals_pending;

/* `whole` is how long the file was when it was last read to its end. */
static struct slot {
  int32_t fd, at, capacity, whole;
} slots[SLOTS_MAX];

/* Descriptors handed to the reaper, oldest at reap_head; an entry stays until
 * its process_mrelease has returned, so that nobody closes it meanwhile. */
static struct reap {
  int32_t fd, pid, close_after;
} reaps[REAPS_MAX];
static unsigned reap_head, reap_tail;
static pthread_mutex_t reap_lock;
static sem_t reap_ready;

int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int32_t shim_clock(void) {
  int64_t us = now_us();
  mailbox[MB_NOW_US] = (int32_t)(uint32_t)(uint64_t)us;
  mailbox[MB_NOW_MS] = (int32_t)(uint32_t)(uint64_t)(us / 1000);
  return 0;
}

/* Maps `bytes` of zeroes, shared and reachable through /proc/PID/fd, and
 * populates the first `populated` of them. */
int32_t shim_attach(int32_t bytes, int32_t populated, void **base) {
  if (arena != NULL) return -EBUSY;
  int fd = (int)syscall(SYS_memfd_create, "oomguard-arena", 1U /* CLOEXEC */);
  if (fd < 0) return -errno;
  void *map = MAP_FAILED;
  if (ftruncate(fd, bytes) == 0)
    map = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return kept(fd, 0);
  if (madvise(map, (size_t)populated, POPULATE_WRITE) != 0)
    memset(map, 0, (size_t)populated);
  arena = map;
  arena_bytes = bytes;
  mailbox = words_at(AT_MAILBOX);
  for (int i = 0; i < SLOTS_MAX; i++) slots[i].fd = -1;
  *base = map;
  return fd;
}

/* Writes this side's numbers where events go, in the order that
 * src/shim/layout.ts compares them. */
int32_t shim_layout(void) {
  static const int32_t numbers[] = {
      EVENTS_MAX, SLOTS_MAX, SAMPLES_MAX, SCAN_PIDS_MAX, PACKET_BYTES_MAX,
      MB_DRY_RUN, MAILBOX_WORDS, EVENT_WORDS, EVENT_SIGNAL, SAMPLE_BYTES,
      AT_MAILBOX, AT_EVENTS, AT_SLOT_LENGTHS, AT_PACKET, AT_SCAN,
      AT_SAMPLE_FDS, AT_SAMPLE_LENGTHS, AT_SAMPLES, TITLE_ASKS_MAX,
      TITLE_BYTES, MB_TITLES, AT_TITLE_PIDS, AT_TITLE_TEXTS,
      MB_BEAT, MB_DUE_MS,
      /* What the watchdog thread reads and writes. */
      VICTIMS_MAX, NAME_BYTES, AT_SETTINGS, AT_GAUGES, AT_VICTIMS, AT_NAMES,
      AT_TITLES, VICTIM_WORDS, V_PID, V_UID, V_ADJ, V_PIDFD, V_FLAGS,
      V_RSS_KB, V_SWAP_KB, V_ANON_KB, V_GROWN_KB, V_STATUS_FD, V_PROTECT,
      V_SILENT, ROW_LISTED, ROW_KILLED, ROW_DEAD, SET_STRATEGY,
      SET_DRY_RUN, SET_FLOOR_ADJ, SET_KILL_TIMEOUT_MS, SET_RESERVE_KB,
      SET_CULPRIT_KB, SET_FIFO, SET_WATCHDOG_MS, G_GUARD_PID, G_ROWS_USED,
      G_NEXT_ROW, G_NEXT_PID, G_NEXT_ADJ, G_KEEPER_PID, G_WATCHDOG_KILLS,
      REASON_SILENT,
  };
  _Static_assert(sizeof numbers <= AT_SLOT_LENGTHS - AT_EVENTS, "too many");
  memcpy(words_at(AT_EVENTS), numbers, sizeof numbers);
  return (int32_t)(sizeof numbers / sizeof numbers[0]);
}

void wake_wait(void) {
  uint64_t one = 1;
  (void)!write(signal_fd, &one, sizeof one); /* full: raised all the same */
}

static void on_signal(int number) {
  int saved = errno;
  atomic_fetch_or(&signals_pending,
                  number == SIGHUP ? SIGNAL_RELOAD : SIGNAL_STOP);
  wake_wait();
  errno = saved;
}

/* The oldest that is queued; it stays in the queue until it is done. */
static int next_reap(struct reap *reap) {
  pthread_mutex_lock(&reap_lock);
  int queued = reap_head != reap_tail;
  if (queued) *reap = reaps[reap_head % REAPS_MAX];
  pthread_mutex_unlock(&reap_lock);
  return queued;
}

static void reap_one(const struct reap *reap) {
  int64_t started = now_us();
  long rc;
  int tries = 0;
  do rc = syscall(NR_PROCESS_MRELEASE, reap->fd, 0U);
  while (rc != 0 && (errno == EAGAIN || errno == EINTR) && ++tries < 100);
  int error = rc == 0 ? 0 : -errno;
  pthread_mutex_lock(&reap_lock);
  if (reaps[reap_head % REAPS_MAX].close_after) close(reap->fd);
  reap_head++;
  pthread_mutex_unlock(&reap_lock);
  mailbox[MB_REAP_PID] = reap->pid;
  mailbox[MB_REAP_RESULT] = error;
  mailbox[MB_REAP_US] = (int32_t)(now_us() - started);
  atomic_fetch_add((_Atomic int32_t *)&mailbox[MB_REAPS], 1);
}

static void *reaper(void *unused) {
  (void)unused;
  /* Freeing memory must not wait behind the load that used it up. */
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -20);
  for (;;) {
    while (sem_wait(&reap_ready) != 0) {
    }
    /* All that is queued: the wakeup of one may have failed. */
    for (struct reap reap; next_reap(&reap);) reap_one(&reap);
  }
  return NULL;
}

static int32_t start_thread(void *(*run)(void *)) {
  pthread_attr_t small;
  pthread_t thread;
  pthread_attr_init(&small);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  int rc = pthread_attr_setstacksize(&small, THREAD_STACK_BYTES);
  return rc != 0 ? -rc : -pthread_create(&thread, &small, run, NULL);
}

/* Takes the signals, again where the runtime's handlers took their place.
 * Handlers rather than a signalfd: its threads do not block these signals. */
int32_t shim_take_signals(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  return 0;
}

/* Makes the epoll set and the signal handlers. One that failed may be called
 * again: it goes on where it came to. */
int32_t shim_start(void) {
  static int is_watched;
  if (epoll_fd < 0) epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (signal_fd < 0) signal_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_fd < 0 || signal_fd < 0) return -errno;
  /* Edge triggered: one that could not be lowered does not wake for ever. */
  uint32_t edges = EPOLLIN | EPOLLET;
  if (!is_watched && watch(signal_fd, edges, EVENT_SIGNAL << 24, 0) != 0)
    return -errno;
  is_watched = 1;
  shim_take_signals();
  pthread_mutexattr_t inherit;
  pthread_mutexattr_init(&inherit);
  pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&reap_lock, &inherit);
  sem_init(&reap_ready, 0, 0);
  sem_init(&titles_due, 0, 0);
  /* Ten thousand victims, a pidfd each. */
  struct rlimit had = {0}, wanted = {FILES_MAX, FILES_MAX};
  getrlimit(RLIMIT_NOFILE, &had);
  if (had.rlim_max > FILES_MAX) wanted.rlim_max = had.rlim_max;
  had.rlim_cur = had.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &wanted) != 0) setrlimit(RLIMIT_NOFILE, &had);
  shim_clock();
  return 0;
}

/* Makes the threads, those that were not made before. Without the reaper a
 * victim frees its own memory, without the other names are short. */
int32_t shim_start_threads(void) {
  static int reaps_run, titles_run;
  int32_t rc = reaps_run ? 0 : start_thread(reaper);
  if (rc == 0) reaps_run = 1;
  int32_t also = titles_run ? 0 : start_thread(title_reader);
  if (also == 0) titles_run = 1;
  return rc < 0 ? rc : also;
}

int32_t shim_slot(int32_t slot, int32_t fd, int32_t at, int32_t capacity) {
  if (slot < 0 || slot >= SLOTS_MAX || at < 0 || capacity < 0 ||
      at > arena_bytes - capacity)
    return -EINVAL;
  slots[slot] = (struct slot){fd, at, capacity, 0};
  return 0;
}

/* Locks what is touched and what will be: the table's tail costs nothing. */
int32_t shim_lock_arena(void) {
  return result(mlock2(arena, (size_t)arena_bytes, MLOCK_ONFAULT));
}

int32_t shim_set_fifo(int32_t priority) {
  struct sched_param param = {.sched_priority = priority};
  return result(sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param));
}

/* The heartbeat: the next is promised within `ms`. Others watch it. */
static void beat(int32_t ms) {
  mailbox[MB_DUE_MS] =
      (int32_t)((uint32_t)mailbox[MB_NOW_MS] + (uint32_t)(ms < 0 ? 0 : ms));
  atomic_fetch_add((_Atomic int32_t *)&mailbox[MB_BEAT], 1);
  watchdog_expect(ms);
}

/* A wait that fails is still a pause, or the guard would spin: `ms` at most.
 * A signal that has come is not kept waiting. */
static void rest(int ms) {
  int32_t wanted = mailbox[MB_TIMEOUT_MS];
  if (wanted >= 0 && wanted < ms) ms = wanted;
  struct timespec pause = {.tv_nsec = ms * 1000000L};
  if (atomic_load(&signals_pending) == 0) nanosleep(&pause, NULL);
}

int32_t shim_wait(void) {
  static struct epoll_event ready[EVENTS_MAX];
  shim_clock();
  beat(mailbox[MB_TIMEOUT_MS]);
  int count = epoll_wait(epoll_fd, ready, EVENTS_MAX, mailbox[MB_TIMEOUT_MS]);
  int32_t answer = count < 0 && errno != EINTR ? -errno : 0;
  if (count < 0) rest(answer == 0 ? INTERRUPTED_MS : BLIND_MS);
  shim_clock();
  beat(0);
  mailbox[MB_WOKE_US] = mailbox[MB_NOW_US];
  int32_t *events = words_at(AT_EVENTS);
  int32_t kept = 0;
  for (int i = 0; i < count; i++) {
    int32_t tag = (int32_t)(uint32_t)ready[i].data.u64;
    if (tag >> 24 == EVENT_SIGNAL) {
      uint64_t ignored;
      (void)!read(signal_fd, &ignored, sizeof ignored); /* lowers it */
      continue;
    }
    int32_t *event = events + kept * EVENT_WORDS;
    event[0] = tag;
    event[1] = (int32_t)(uint32_t)(ready[i].data.u64 >> 32);
    event[2] = (int32_t)ready[i].events;
    kept++;
  }
  mailbox[MB_SIGNALS] = atomic_exchange(&signals_pending, 0);
  mailbox[MB_TITLES] = (int32_t)atomic_load(&titles_read);
  mailbox[MB_EVENTS] = kept;
  return answer;
}

/* One read, again when a signal came between. */
ssize_t read_at(int fd, char *into, int32_t capacity, int32_t at) {
  ssize_t n;
  int tries = 0;
  do n = pread(fd, into, (size_t)capacity, at);
  while (n < 0 && errno == EINTR && ++tries < EINTRS_MAX);
  return n;
}

/* The whole file, or what fits. What fits a page comes in one read, unless it
 * is cut short: in a line, or below `whole`, the length it had before. */
int32_t read_whole(int fd, char *into, int32_t capacity, int32_t whole) {
  int32_t filled = 0;
  while (filled < capacity) {
    ssize_t n = read_at(fd, into + filled, capacity - filled, filled);
    if (n < 0) return -errno;
    filled += (int32_t)n;
    if (n == 0) break;
    /* What came in pieces is read until there is no more. */
    int at_once = capacity <= 4096 && n == filled;
    if (at_once && filled >= whole && into[filled - 1] == '\n') break;
  }
  return filled;
}

int32_t shim_sense(void) {
  uint32_t wanted = (uint32_t)mailbox[MB_SLOTS];
  int32_t *lengths = words_at(AT_SLOT_LENGTHS);
  for (int i = 0; i < SLOTS_MAX; i++) {
    if (!(wanted >> i & 1)) continue;
    struct slot *slot = &slots[i];
    lengths[i] = slot->fd < 0 ? -EBADF
                              : read_whole(slot->fd, arena + slot->at,
                                           slot->capacity, slot->whole);
    if (lengths[i] > 0) slot->whole = lengths[i];
  }
  return shim_clock();
}

atomic_int sampling;

int32_t shim_sample(void) {
  int32_t *lengths = words_at(AT_SAMPLE_LENGTHS);
  const int32_t *fds = words_at(AT_SAMPLE_FDS);
  int32_t count = mailbox[MB_COUNT];
  if (count > SAMPLES_MAX) count = SAMPLES_MAX;
  atomic_store(&sampling, 1);
  for (int32_t i = 0; i < count; i++)
    lengths[i] = read_whole(fds[i], arena + AT_SAMPLES + i * SAMPLE_BYTES,
                            SAMPLE_BYTES, SAMPLE_BYTES_MIN);
  atomic_store(&sampling, 0);
  return shim_clock();
}

int32_t shim_receive(void) {
  /* Room for credentials only: descriptors that somebody sends do not fit, so
   * the kernel drops them. */
  union {
    char bytes[CMSG_SPACE(sizeof(struct ucred))];
    struct cmsghdr align;
  } control;
  struct iovec data = {arena + AT_PACKET, PACKET_BYTES_MAX};
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t n;
  int tries = 0;
  do n = recvmsg(mailbox[MB_FD], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR && ++tries < EINTRS_MAX);
  if (n < 0) return -errno;
  mailbox[MB_COUNT] = (int32_t)n;
  mailbox[MB_PID] = 0;
  mailbox[MB_UID] = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL;
       c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
    struct ucred from;
    memcpy(&from, CMSG_DATA(c), sizeof from);
    mailbox[MB_PID] = from.pid;
    mailbox[MB_UID] = (int32_t)from.uid;
  }
  return (int32_t)n;
}

int32_t shim_send(void) {
  int32_t count = mailbox[MB_COUNT];
  if (count < 0 || count > PACKET_BYTES_MAX) return -EINVAL;
  return result(send(mailbox[MB_FD], arena + AT_PACKET, (size_t)count,
                     MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* Hands a pidfd to the reaper, where there is room; under the lock. Once only:
 * of two entries each would close it, the second whoever has the number by
 * then. */
void reap_locked(int32_t fd, int32_t pid) {
  for (unsigned i = reap_head; i != reap_tail; i++)
    if (reaps[i % REAPS_MAX].fd == fd) return;
  if (reap_tail - reap_head == REAPS_MAX) return;
  reaps[reap_tail++ % REAPS_MAX] = (struct reap){fd, pid, 0};
  sem_post(&reap_ready);
}

int closing_try_lock(void) {
  return pthread_mutex_trylock(&reap_lock) == 0;
}

void closing_unlock(void) {
  pthread_mutex_unlock(&reap_lock);
}

int32_t shim_kill(void) {
  int fd = mailbox[MB_FD];
  if (mailbox[MB_DRY_RUN]) return signal_through(fd, 0);
  int32_t rc = signal_through(fd, SIGKILL);
  if (rc < 0) return rc;
  pthread_mutex_lock(&reap_lock);
  reap_locked(fd, mailbox[MB_PID]);
  pthread_mutex_unlock(&reap_lock);
  return 0;
}

int32_t shim_persist(void) {
  int32_t at = mailbox[MB_SOURCE], count = mailbox[MB_COUNT];
  if (at < 0 || count < 0 || at > arena_bytes - count) return -EINVAL;
  int32_t done = 0;
  while (done < count) {
    ssize_t n = pwrite(mailbox[MB_FD], arena + at + done,
                       (size_t)(count - done), mailbox[MB_OFFSET] + done);
    if (n < 0) return -errno;
    if (n == 0) break;
    done += (int32_t)n;
  }
  return done;
}

int32_t shim_close(void) {
  int fd = mailbox[MB_FD], held = 0;
  if (fd < 0) return 0;
  pthread_mutex_lock(&reap_lock);
  for (unsigned i = reap_head; i != reap_tail; i++) {
    if (reaps[i % REAPS_MAX].fd != fd) continue;
    reaps[i % REAPS_MAX].close_after = 1;
    held = 1;
  }
  /* The set must forget it now: a held descriptor would go on reporting. */
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  /* Under the lock: the watchdog thread may be about to signal through it. */
  int32_t answer = held ? 0 : result(close(fd));
  pthread_mutex_unlock(&reap_lock);
  return answer;
}
