// A client of the lmkd socket, written from the protocol alone: registers one
// process, subscribes, and tells each message about a kill field by field. Ends
// with 0 when one STAT came, then one KILL, each in its exact length, no more.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load.h"

enum { PROCPRIO = 1, SUBSCRIBE = 5, KILL = 6, STAT = 8 };
enum { STAT_BYTES = 87, NAME_AT = 86, NAME_MAX_BYTES = 127, SURPLUS_MS = 300 };
static const struct {
  const char *name;
  long command, at, bytes;
} fields[] = {
    {"pid", KILL, 4, 4},     {"uid", KILL, 8, 4},    {"rssKb", KILL, 12, 4},
    {"minflt", STAT, 4, 8},  {"majflt", STAT, 12, 8}, {"rss", STAT, 20, 8},
    {"cache", STAT, 28, 8},  {"swap", STAT, 36, 8},  {"startNs", STAT, 44, 8},
    {"uid", STAT, 52, 4},    {"adj", STAT, 56, 4},   {"minAdj", STAT, 60, 4},
    {"freeKb", STAT, 64, 4}, {"swapFreeKb", STAT, 68, 4},
    {"reason", STAT, 72, 4}, {"thrashing", STAT, 76, 4},
    {"maxThrashing", STAT, 80, 4}, {"nameBytes", STAT, 84, 2}};

static long number(const char *bytes, long at, long count) {
  uint64_t value = count > 2 && bytes[at] < 0 ? UINT64_MAX : 0;
  for (long i = at; i < at + count; i++)
    value = value << 8 | (unsigned char)bytes[i];
  return (long)value;
}

static const char *fault(const char *bytes, long length, int stats) {
  const long command = length < 4 ? -1 : number(bytes, 0, 4);
  if (command == KILL && (length == 12 || length == 16))
    return stats ? NULL : "order";
  const long name_bytes = length < STAT_BYTES ? -1 : number(bytes, 84, 2);
  if (command != STAT || name_bytes < 0 || name_bytes > NAME_MAX_BYTES ||
      length != STAT_BYTES + name_bytes)
    return command == STAT || command == KILL ? "length" : "command";
  const size_t at = strnlen(bytes + NAME_AT, (size_t)name_bytes + 1);
  return at == (size_t)name_bytes ? NULL : "name"; // its first NUL ends it
}

static void tell(const char *bytes, long length) {
  const long command = number(bytes, 0, 4);
  printf("%s bytes=%ld", command == STAT ? "stat" : "kill", length);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (fields[i].command == command &&
        fields[i].at + fields[i].bytes <= length) // old KILLs end before rssKb
      printf(" %s=%ld", fields[i].name,
             number(bytes, fields[i].at, fields[i].bytes));
  printf(command == STAT ? " name=%s\n" : "\n", bytes + NAME_AT);
}

int client_run(char **words) { // PATH PID UID ADJ TYPE TIMEOUT_MS
  char bytes[256];
  uint32_t prio[5] = {htonl(PROCPRIO)}, on[2] = {htonl(SUBSCRIBE)};
  for (int i = 1; i < 5; i++)
    prio[i] = htonl((uint32_t)atoi(words[i]));
  struct pollfd pollfd = {.fd = ams_connect(words[0]), .events = POLLIN};
  int is_sent = send(pollfd.fd, prio, sizeof prio, MSG_NOSIGNAL) > 0;
  for (uint32_t event = 0; event < 2; event++, on[1] = htonl(event))
    is_sent &= send(pollfd.fd, on, sizeof on, MSG_NOSIGNAL) > 0;
  int wait_ms = atoi(words[5]), told[] = {0, 0, !is_sent}; // STATs, KILLs, bad
  printf("ready sent=%d\n", is_sent);
  while (fflush(stdout), is_sent && poll(&pollfd, 1, wait_ms) == 1) {
    const long length = recv(pollfd.fd, bytes, sizeof bytes, MSG_TRUNC);
    const char *why = length > 0 ? fault(bytes, length, told[0]) : "closed";
    told[why ? 2 : number(bytes, 0, 4) == KILL]++;
    if (why)
      printf("fault bytes=%ld why=%s\n", length, why);
    else
      tell(bytes, length);
    is_sent = length > 0;
    wait_ms = told[0] && told[1] ? SURPLUS_MS : wait_ms;
  }
  printf("end stats=%d kills=%d faults=%d\n", told[0], told[1], told[2]);
  return told[0] == 1 && told[1] == 1 && told[2] == 0 ? 0 : 1;
}
