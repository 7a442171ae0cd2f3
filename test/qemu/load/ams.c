// The coordinator's side of the lmkd socket: big-endian words, one packet a
// message, never waiting for the guard.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"

enum { LMK_TARGET = 0, LMK_PROCPRIO = 1, LMK_PROCREMOVE = 2, WORDS_MAX = 13 };

void ams_send(int socket_fd, const int *words, int count) {
  uint32_t packet[WORDS_MAX];
  for (int i = 0; i < count; i++)
    packet[i] = htonl((uint32_t)words[i]);
  const size_t bytes = (size_t)count * sizeof packet[0];
  if (socket_fd < 0)
    return;
  if (send(socket_fd, packet, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) !=
      (ssize_t)bytes)
    out_line("{\"e\":\"note\",\"t\":%ld,\"line\":\"packet %d not sent: "
             "errno %d\"}",
             (long)now_us(), words[0], errno);
}

int ams_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path)
    return -1;
  memcpy(address.sun_path, path, strlen(path));
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  close(fd);
  return -1;
}

void ams_target(int socket_fd, const int *pages_and_adjs, int count) {
  int words[WORDS_MAX] = {LMK_TARGET};
  for (int i = 0; i < count && i + 1 < WORDS_MAX; i++)
    words[i + 1] = pages_and_adjs[i];
  ams_send(socket_fd, words, count + 1);
}

void ams_register(int socket_fd, int pid, int uid, int adj) {
  ams_send(socket_fd, (const int[]){LMK_PROCPRIO, pid, uid, adj}, 4);
}

void ams_remove(int socket_fd, int pid) {
  ams_send(socket_fd, (const int[]){LMK_PROCREMOVE, pid}, 2);
}

// A reply in words of this machine, without waiting: bytes, or -1 for none.
long ams_receive(int socket_fd, int *words, int count) {
  const size_t room = (size_t)count * sizeof *words;
  const long bytes = recv(socket_fd, words, room, MSG_DONTWAIT | MSG_TRUNC);
  for (int i = 0; i < count; i++)
    words[i] = (int)ntohl((uint32_t)words[i]);
  return bytes;
}
