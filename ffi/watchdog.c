/* The watchdog thread: while the reactor is silent and memory is short, it
 * kills from the shared table by itself. It wakes only when a beat is overdue,
 * opens, allocates and maps nothing, and waits for no lock that the reactor
 * might keep: it reads the open status files of victims, which are locked by who
 * reads them (fs/seq_file.c), but not while the reactor is amid such a read. In
 * the table it writes one word of each row, which the reactor never sets. */
#include "internal.h"
#include "record.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>

#define TEXT_BYTES 4096
/* A victim's last pages are on their way when its death is told, ms. */
#define SETTLE_MS 20
/* How often a silent reactor and a dying victim are looked at, ms. */
#define LOOK_MS 10
/* The least a victim is waited for, ms. */
#define DEATH_MS_MIN 100
/* What "for ever" (0) is here. */
#define DEATH_MS_FOR_EVER 10000
/* Tries, a ms apart, for the lock that a close holds. */
#define LOCK_TRIES 20
/* The kernel adds up stall times this often, ms (kernel/sched/psi.c). */
#define PSI_MS 2000
#define BANDS 10
/* V_SILENT of a row that could not be signalled. */
#define REFUSED (-1)

static int timer_fd = -1;
static int journal_fd = -1;
/* Holds the victim's pidfd open over a close of the reactor's. */
static int death_fd = -1;
/* Opened before the start; -1 where there is none. */
static struct {
  int32_t meminfo, usage, limit, stat, pressure;
} files;
static int32_t serial;
static int32_t record[JOURNAL_WORDS];
static char text[TEXT_BYTES];
static char stack[THREAD_STACK_BYTES] __attribute__((aligned(4096)));

static int32_t load(const int32_t *word) {
  return atomic_load_explicit((const _Atomic int32_t *)word,
                              memory_order_acquire);
}

static int32_t setting(int index) {
  return words_at(AT_SETTINGS)[index];
}

static int32_t now_ms(void) {
  return (int32_t)(uint32_t)(uint64_t)(now_us() / 1000);
}

static int32_t since_ms(int32_t ms) {
  return (int32_t)((uint32_t)now_ms() - (uint32_t)ms);
}

static void rest(int32_t ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* Called with each beat: the next is due within `ms`. */
void watchdog_expect(int32_t ms) {
  if (timer_fd < 0) return;
  int32_t limit = setting(SET_WATCHDOG_MS);
  int64_t left = (int64_t)(ms < 0 ? 0 : ms) + limit;
  struct itimerspec at = {{0, 0}, {left / 1000, left % 1000 * 1000000L}};
  if (limit <= 0) at.it_value = (struct timespec){0, 0};
  timerfd_settime(timer_fd, 0, &at, NULL);
}

/* How long the beat after `beat` has been overdue, ms, where that is as long as
 * it may be or longer; -1: it is not, or that beat has come. */
static int32_t silent_ms(int32_t beat) {
  int32_t limit = setting(SET_WATCHDOG_MS);
  int32_t ms = since_ms(load(&mailbox[MB_DUE_MS]));
  if (load(&mailbox[MB_BEAT]) != beat || limit <= 0) return -1;
  return ms >= limit ? ms : -1;
}

static int read_text(int fd) {
  ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
  text[n < 0 ? 0 : n] = '\0';
  return n > 0;
}

/* The number behind `key`, which begins at `at`; -1: there is none. */
static int64_t number_at(const char *at, const char *key) {
  if (at == NULL) return -1;
  at += strlen(key);
  while (*at == ' ') at++;
  if (*at < '0' || *at > '9') return -1;
  int64_t value = 0;
  while (*at >= '0' && *at <= '9' && value < INT64_MAX / 16)
    value = value * 10 + (*at++ - '0');
  return value;
}

/* The number behind `key` in a file's text, which the key "" begins; -1: it
 * cannot be read, or has none there. */
static int64_t number_in(int fd, const char *key) {
  return read_text(fd) ? number_at(strstr(text, key), key) : -1;
}

/* Memory that is to be had, kB, as the sensor reckons it (daemon/sensor.ts);
 * -1: not known. */
static int32_t available_kb(void) {
  if (files.usage < 0) {
    int64_t kb = number_in(files.meminfo, "\nMemAvailable:");
    if (kb < 0) kb = number_in(files.meminfo, "\nMemFree:");
    return (int32_t)(kb > INT32_MAX ? INT32_MAX : kb);
  }
  int64_t usage = number_in(files.usage, "");
  int64_t limit = number_in(files.limit, "");
  if (usage < 0 || limit < 0) return -1;
  int64_t file = number_in(files.stat, "\ntotal_inactive_file");
  if (file < 0) file = number_in(files.stat, "\ninactive_file");
  int64_t kb = (limit > usage ? limit - usage : 0) / 1024;
  if (file > 0) kb += file / 1024;
  return (int32_t)(kb > INT32_MAX ? INT32_MAX : kb);
}

/* Time in which everybody stalled since boot, us; -1: not known. */
static int64_t stalled_us(void) {
  if (!read_text(files.pressure)) return -1;
  const char *full = strstr(text, "full ");
  return full == NULL ? -1 : number_at(strstr(full, "total="), "total=");
}

/* What was so when the silence began. */
struct silence {
  int32_t beat, since;
  int64_t stalled_us;
};

/* Whether memory is short: less is to be had than is to stay, or everybody
 * stalled for more than a quarter of the time. The kernel may add up to PSI_MS
 * of before to what it tells. */
static int is_short(const struct silence *silence, int32_t kb) {
  if (kb >= 0 && kb < setting(SET_RESERVE_KB)) return 1;
  int64_t us = stalled_us();
  if (us < 0 || silence->stalled_us < 0) return 0;
  int64_t over_us = ((int64_t)since_ms(silence->since) + PSI_MS) * 1000;
  return us - silence->stalled_us > over_us / 4;
}

static int is_killable(const int32_t *row) {
  const int32_t *gauges = words_at(AT_GAUGES);
  int32_t flags = load(&row[V_FLAGS]), pid = row[V_PID];
  return (flags & ROW_LISTED) && !(flags & (ROW_KILLED | ROW_DEAD)) &&
         load(&row[V_SILENT]) == 0 && row[V_PROTECT] == 0 && pid > 1 &&
         pid != gauges[G_GUARD_PID] && pid != gauges[G_KEEPER_PID] &&
         row[V_PIDFD] >= 0 && row[V_ADJ] >= setting(SET_FLOOR_ADJ);
}

/* Band of importance, as bandOf of src/state/victims.ts. */
static int32_t band_of(int32_t adj) {
  if (adj < 0) return -1;
  return adj / 100 >= BANDS ? BANDS - 1 : adj / 100;
}

/* What a choice goes by: band, growth and size, kB. */
struct weight {
  int32_t band, grown_kb, size_kb;
};

/* As the table has it, which is of before the silence; as it is now where the
 * row's status is open. */
static struct weight weigh(const int32_t *row) {
  struct weight is = {band_of(row[V_ADJ]), row[V_GROWN_KB],
                      row[V_RSS_KB] + row[V_SWAP_KB]};
  int32_t fd = load(&row[V_STATUS_FD]);
  if (fd < 0 || atomic_load(&sampling) || !read_text(fd)) return is;
  int64_t rss = number_at(strstr(text, "VmRSS:\t"), "VmRSS:\t");
  int64_t swap = number_at(strstr(text, "VmSwap:\t"), "VmSwap:\t");
  if (rss < 0) return is;
  int32_t now_kb = (int32_t)(rss + (swap < 0 ? 0 : swap));
  is.grown_kb += now_kb - is.size_kb;
  is.size_kb = now_kb;
  return is;
}

/* Within a band one that has just grown by much dies, the one that grew most;
 * else the largest. */
static int comes_before(const struct weight *a, const struct weight *b) {
  if (a->band != b->band) return a->band > b->band;
  int32_t culprit = setting(SET_CULPRIT_KB);
  if (a->grown_kb >= culprit || b->grown_kb >= culprit)
    return a->grown_kb > b->grown_kb;
  return a->size_kb > b->size_kb;
}

/* Whom the guard has published as next, where that is still so, or NULL. */
static int32_t *published(int32_t used) {
  const int32_t *gauges = words_at(AT_GAUGES);
  int32_t next = load(&gauges[G_NEXT_ROW]);
  if (next < 0 || next >= used) return NULL;
  int32_t *row = words_at(AT_VICTIMS) + next * VICTIM_WORDS;
  int is_same =
      row[V_PID] == gauges[G_NEXT_PID] && row[V_ADJ] == gauges[G_NEXT_ADJ];
  return is_same && is_killable(row) ? row : NULL;
}

/* Who is to die: what it was known by when it was chosen. */
struct choice {
  int32_t *row, pid, adj;
};

/* The first of the least important band, or the published one where nobody
 * there has just grown by much; row NULL: nobody. */
static struct choice choose(void) {
  int32_t *rows = words_at(AT_VICTIMS);
  int32_t used = words_at(AT_GAUGES)[G_ROWS_USED];
  if (used > VICTIMS_MAX) used = VICTIMS_MAX;
  int32_t *best = NULL, *next = published(used);
  struct weight most = {0, 0, 0};
  for (int32_t i = 0; i < used; i++) {
    int32_t *row = rows + i * VICTIM_WORDS;
    if (!is_killable(row)) continue;
    struct weight is = weigh(row);
    if (best != NULL && !comes_before(&is, &most)) continue;
    best = row;
    most = is;
  }
  if (best == NULL) return (struct choice){NULL, 0, 0};
  int is_culprit = most.grown_kb >= setting(SET_CULPRIT_KB);
  if (next != NULL && !is_culprit && band_of(next[V_ADJ]) == most.band)
    best = next;
  return (struct choice){best, best[V_PID], best[V_ADJ]};
}

static void begin_record(int32_t kind, const struct choice *who, int32_t kb) {
  const int32_t *row = who->row;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  record_begin(record, kind, t.tv_sec, (int32_t)(t.tv_nsec / 1000000));
  record[J_PID] = who->pid;
  record[J_UID] = row[V_UID];
  record[J_ADJ] = who->adj;
  record[J_RSS_KB] = row[V_RSS_KB];
  record[J_SWAP_KB] = row[V_SWAP_KB];
  record[J_FLOOR_ADJ] = setting(SET_FLOOR_ADJ);
  record[J_STRATEGY] = setting(SET_STRATEGY);
  record[J_REASON] = REASON_SILENT;
  record[J_AVAILABLE_KB] = kb;
  record[J_VALUE2] = kb;
  record[J_LIMIT2] = setting(SET_RESERVE_KB);
  record[J_LIMIT] = setting(SET_WATCHDOG_MS);
  record[J_BACK_KB] = row[V_ANON_KB];
  int32_t index = (int32_t)(row - words_at(AT_VICTIMS)) / VICTIM_WORDS;
  const char *title = arena + AT_TITLES + index * TITLE_BYTES;
  const char *name = arena + AT_NAMES + index * NAME_BYTES;
  if (title[0] != '\0') memcpy(record + J_NAME, title, TITLE_BYTES);
  else memcpy(record + J_NAME, name, NAME_BYTES);
}

static void write_record(void) {
  record_seal(record, ++serial);
  if (journal_fd < 0) return;
  ssize_t ignored = pwrite(journal_fd, record, sizeof record,
                           record_offset(RING_WATCHDOG, serial));
  (void)ignored;
}

/* Leaves word for the reactor: the row first, then that there is one. */
static void leave_word(int32_t *row) {
  _Atomic int32_t *kills =
      (_Atomic int32_t *)&words_at(AT_GAUGES)[G_WATCHDOG_KILLS];
  atomic_store((_Atomic int32_t *)&row[V_SILENT], atomic_load(kills) + 1);
  atomic_fetch_add(kills, 1);
}

/* The signal, with the table held still: what is closed under the same lock is
 * not closed now, and the row is still whom the choice was about. 0, or
 * -errno. */
static int32_t signal_chosen(const struct choice *who, int32_t beat) {
  int32_t *row = who->row, rc = -EAGAIN;
  int tries = 0;
  while (!closing_try_lock()) {
    if (++tries == LOCK_TRIES) return -EBUSY;
    rest(1);
  }
  int is_same = row[V_PID] == who->pid && row[V_ADJ] == who->adj;
  if (silent_ms(beat) >= 0 && is_same && is_killable(row)) {
    rc = signal_through(row[V_PIDFD], SIGKILL);
    if (rc == 0) {
      leave_word(row);
      dup3(row[V_PIDFD], death_fd, O_CLOEXEC);
      reap_locked(row[V_PIDFD], row[V_PID]);
    } else {
      atomic_store((_Atomic int32_t *)&row[V_SILENT], REFUSED);
    }
  }
  closing_unlock();
  return rc;
}

/* How long a death is waited for, ms. Not for ever: nobody else is there to see
 * that it does not come. */
static int32_t death_ms(void) {
  int32_t ms = setting(SET_KILL_TIMEOUT_MS);
  if (ms == 0) return DEATH_MS_FOR_EVER;
  return ms < DEATH_MS_MIN ? DEATH_MS_MIN : ms;
}

/* Waits until the victim is dead, for as long as a death is waited for, or the
 * reactor beats again. 1: it has died. */
static int await_death(int32_t beat) {
  int32_t most = death_ms(), since = now_ms();
  struct pollfd death = {.fd = death_fd, .events = POLLIN};
  while (since_ms(since) < most && silent_ms(beat) >= 0)
    if (poll(&death, 1, LOOK_MS) > 0) return 1;
  return 0;
}

static void kill_one(const struct silence *silence, int32_t kb) {
  int64_t decided_us = now_us();
  int32_t ms = silent_ms(silence->beat);
  struct choice who = choose();
  if (who.row == NULL || ms < 0) return rest(LOOK_MS);
  begin_record(KIND_WATCHDOG, &who, kb);
  record[J_VALUE] = ms;
  int32_t rc = signal_chosen(&who, silence->beat), since = now_ms();
  if (rc == -EBUSY || rc == -EAGAIN) return rest(LOOK_MS);
  record[J_LATENCY] = (int32_t)(now_us() - decided_us);
  if (rc < 0) {
    record[J_KIND] = KIND_REFUSED;
    record[J_DETAIL] = rc;
    return write_record();
  }
  write_record();
  int32_t killed = serial;
  if (!await_death(silence->beat)) return;
  int32_t died_ms = since_ms(since);
  rest(SETTLE_MS);
  record[J_KIND] = KIND_DEATH;
  record[J_KILL_SERIAL] = killed;
  record[J_LATENCY] = died_ms;
  record[J_BACK_KB] = kb < 0 ? 0 : available_kb() - kb;
  write_record();
}

/* A beat is overdue: looks on until there is another. */
static void attend(int32_t beat) {
  struct silence silence = {beat, now_ms(), stalled_us()};
  /* Both threads may have been stopped, and go on now: the other first. */
  rest(LOOK_MS);
  while (silent_ms(beat) >= 0) {
    int32_t kb = available_kb();
    if (!setting(SET_DRY_RUN) && is_short(&silence, kb)) kill_one(&silence, kb);
    else rest(LOOK_MS);
  }
}

static void *watchdog(void *unused) {
  struct sched_param param = {.sched_priority = setting(SET_FIFO) + 1};
  if (setting(SET_FIFO) > 0)
    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param);
  for (;;) {
    uint64_t ignored;
    if (read(timer_fd, &ignored, sizeof ignored) < 0 && errno != EINTR)
      return unused;
    attend(load(&mailbox[MB_BEAT]));
  }
}

int32_t shim_watchdog(int32_t journal, int32_t last_serial,
                      const int32_t *opened) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (timer_fd >= 0) return -EBUSY;
  memcpy(&files, opened, sizeof files);
  journal_fd = journal;
  serial = last_serial;
  /* Populated either way: it must not wait for a page when it is needed. */
  if (mlock(stack, sizeof stack) != 0) memset(stack, 0, sizeof stack);
  memset(text, 0, sizeof text);
  death_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  if (death_fd < 0 || timer < 0) return -errno;
  timer_fd = timer;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int rc = pthread_attr_setstack(&attributes, stack, sizeof stack);
  if (rc == 0) rc = pthread_create(&thread, &attributes, watchdog, NULL);
  if (rc != 0) timer_fd = -1;
  return -rc;
}
