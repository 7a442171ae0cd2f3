/* A client that means harm: random packets, and packets of every command with
 * parts of them changed, as fast as the socket takes them; it reads no answer,
 * closes half of connections, and opens new ones in storms. All of it from a
 * seed.
 *
 * The daemon it speaks to may write oom_score_adj of the processes that are
 * named to it, so no packet leaves here that names one: pids are of this
 * process, of its own children, of nobody, or none at all.
 *
 *   hostile mixed|nobody PATH PACKETS SEED
 *                                  prints: sent connections refused
 *
 * It ends with 4 once nobody listens any more, and with whoever started it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS 6
#define CHILDREN 8
#define PACKET_MAX 300
#define COMMANDS 12
/* Over any pid there can be (include/linux/threads.h, PID_MAX_LIMIT). */
#define NOBODY_FROM 5000000
/* A connection that takes nothing for so many tries is left for a new one. */
#define PATIENCE 16
/* Of requests that the server reads files for it takes one a second, and nothing
 * else from whoever waits for it: one of so many is sent. */
#define RARE 500
/* So many connections refused one after the other, each after 1 ms: whoever
 * listened is gone. */
#define REFUSED_MAX 2000
/* No flood of a test takes so long, s. */
#define LIFE_S 300

enum {
  TARGET,
  PROCPRIO,
  PROCREMOVE,
  UPDATE_PROPS = 7,
  BOOT_COMPLETED = 10,
  PROCS_PRIO = 11
};

static uint32_t state;
static pid_t children[CHILDREN];
static struct sockaddr_un at = {.sun_family = AF_UNIX};
static int fds[CONNECTIONS];
static long sent, connections, refused, refused_in_a_row;

static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

static uint32_t below(uint32_t bound) {
  return next() % bound;
}

static uint32_t harmless_pid(void) {
  switch (below(8)) {
    case 0: return (uint32_t)getpid();
    case 1: return 0;
    case 2: return next() | 0x80000000U;
    case 3:
    case 4: return NOBODY_FROM + below(0x7fffffffU - NOBODY_FROM);
    default: return (uint32_t)children[below(CHILDREN)];
  }
}

/* Of a packet as it will be read: every word that some release takes for a pid
 * names nobody else, and tiers are such that no machine is below them. */
static void disarm(uint32_t *words, int count) {
  uint32_t command = count > 0 ? ntohl(words[0]) : 0;
  for (int i = 1; i < count; i++) {
    int is_record = (i - 1) % 4 == 0 || (i - 1) % 5 == 0;
    if (((command == PROCPRIO || command == PROCREMOVE) && i == 1) ||
        (command == PROCS_PRIO && is_record))
      words[i] = htonl(harmless_pid());
    if (command == TARGET && i % 2 == 1)
      words[i] = htonl(below(8) == 0 ? next() | 0x80000000U : below(1024));
  }
}

/* A packet that would be taken as it is; how many words it has. */
static int make_good(uint32_t *words) {
  static const int args[COMMANDS] = {6, 4, 1, 0, 2, 1, 3, 0, 0, 0, 0, 12};
  uint32_t command = below(COMMANDS);
  while ((command == UPDATE_PROPS || command == BOOT_COMPLETED) &&
         below(RARE) != 0)
    command = below(COMMANDS);
  words[0] = htonl(command);
  for (int i = 1; i <= args[command]; i++) {
    int is_adj = command == TARGET      ? i % 2 == 0
                 : command == PROCPRIO  ? i == 3
                 : command == PROCS_PRIO ? i % 4 == 3
                                        : command == 4;
    words[i] = htonl(is_adj ? below(2001) - 1000 : below(2));
  }
  return args[command] + 1;
}

static int make_packet(uint32_t *words) {
  uint8_t *bytes = (uint8_t *)words;
  int length = (int)below(PACKET_MAX + 1);
  if (below(4) == 0) {
    for (int i = 0; i < length; i++) bytes[i] = (uint8_t)next();
  } else {
    int good = make_good(words) * 4;
    if (below(2) == 0) {
      for (uint32_t n = 1 + below(4); n > 0; n--)
        bytes[below((uint32_t)good)] = (uint8_t)next();
      if (below(4) == 0) {
        for (int i = good; i < length; i++) bytes[i] = (uint8_t)next();
        good = length;
      }
    }
    length = good;
  }
  disarm(words, length / 4);
  return length;
}

/* Three registrations of processes that there are not: each has to be looked
 * for, none can be taken. */
static int make_registrations(uint32_t *words) {
  words[0] = htonl(PROCS_PRIO);
  for (int i = 1; i <= 12; i++) words[i] = htonl(i % 4 == 3 ? 900 : 0);
  for (int i = 1; i <= 12; i += 4)
    words[i] = htonl(NOBODY_FROM + below(0x7fffffffU - NOBODY_FROM));
  return 13 * 4;
}

/* Leaves a connection, one way or another, and opens a new one. */
static void renew(int i) {
  if (fds[i] >= 0) {
    if (below(2) == 0) shutdown(fds[i], (int)below(3));
    close(fds[i]);
  }
  fds[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  connections++;
  if (connect(fds[i], (struct sockaddr *)&at, sizeof at) == 0) {
    refused_in_a_row = 0;
    return;
  }
  refused++;
  refused_in_a_row++;
  close(fds[i]);
  fds[i] = -1;
  /* The server has enough: it is left a moment, as a storm leaves it. */
  poll(NULL, 0, 1);
}

/* 0, or -1 when there are fewer: a pid of -1 would be everybody's. */
static int spawn_children(void) {
  pid_t parent = getpid();
  for (int i = 0; i < CHILDREN; i++) {
    children[i] = fork();
    if (children[i] < 0) return -1;
    if (children[i] > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    for (;;) pause();
  }
  return 0;
}

int main(int argc, char **argv) {
  static uint32_t words[PACKET_MAX / 4 + 16];
  alarm(LIFE_S);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc != 5 || strlen(argv[2]) >= sizeof at.sun_path) return 2;
  strcpy(at.sun_path, argv[2]);
  int is_mixed = strcmp(argv[1], "mixed") == 0;
  long wanted = atol(argv[3]);
  state = (uint32_t)atol(argv[4]) | 1;
  if (spawn_children() != 0) return 3;
  for (int i = 0; i < CONNECTIONS; i++) fds[i] = -1;
  int tries = 0;
  while (sent < wanted && refused_in_a_row < REFUSED_MAX) {
    int i = (int)below(CONNECTIONS);
    if (fds[i] < 0 || below(2000) == 0) renew(i);
    if (below(20000) == 0)
      for (int storm = 0; storm < 50; storm++) renew(i);
    if (below(5000) == 0 && fds[i] >= 0) shutdown(fds[i], (int)below(3));
    if (fds[i] < 0) continue;
    int length = is_mixed ? make_packet(words) : make_registrations(words);
    ssize_t count =
        send(fds[i], words, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent++;
      tries = 0;
      continue;
    }
    if (errno != EAGAIN && errno != ENOBUFS) {
      renew(i);
      continue;
    }
    if (++tries < PATIENCE) {
      poll(&(struct pollfd){.fd = fds[i], .events = POLLOUT}, 1, 1);
      continue;
    }
    tries = 0;
    renew(i);
  }
  for (int i = 0; i < CHILDREN; i++) kill(children[i], SIGKILL);
  while (wait(NULL) > 0) {
  }
  printf("%ld %ld %ld\n", sent, connections, refused);
  return sent < wanted ? 4 : 0;
}
