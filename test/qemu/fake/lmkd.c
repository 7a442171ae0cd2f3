// A server of the lmkd socket that knows no protocol: it takes one client,
// prints its first COUNT packets in hexadecimal, sends the packets it was
// given, and stays until the client goes. `lmkd PATH COUNT [HEX... [close]]`;
// after the word "close" it goes first. Nothing lives longer than 20 s.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PACKET_BYTES = 1024, LIFE_S = 20 };

static unsigned char packet[PACKET_BYTES];

static size_t from_hex(const char *text) {
  size_t count = 0;
  for (char pair[3] = {0}; text[0] && text[1] && count < PACKET_BYTES;
       text += 2) {
    memcpy(pair, text, 2);
    packet[count++] = (unsigned char)strtoul(pair, NULL, 16);
  }
  return count;
}

static int take(int fd) {
  const ssize_t bytes = recv(fd, packet, sizeof packet, 0);
  if (bytes <= 0)
    return 0;
  for (ssize_t i = 0; i < bytes; i++)
    printf("%02x", packet[i]);
  putchar('\n');
  fflush(stdout);
  return 1;
}

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path)
    return 64;
  alarm(LIFE_S);
  strcpy(address.sun_path, argv[1]);
  const int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 ||
      listen(server, 3) < 0)
    return 70;
  printf("listening\n");
  fflush(stdout);
  const int fd = accept(server, NULL, NULL);
  for (int left = atoi(argv[2]); left > 0 && take(fd); left--) {
  }
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], "close") == 0)
      return 0;
    const size_t bytes = from_hex(argv[i]);
    if (send(fd, packet, bytes, MSG_NOSIGNAL) != (ssize_t)bytes)
      return 71;
  }
  while (take(fd)) {
  }
  return 0;
}
