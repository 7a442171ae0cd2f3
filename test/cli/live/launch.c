/* Starts a program as init or systemd does: with a listening socket that it
 * inherits, and the environment that tells of it.
 *
 *   launch android|systemd|stream PATH PROGRAM ARGUMENT...
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  char text[16];
  if (argc < 4 || strlen(argv[2]) >= sizeof at.sun_path) return 2;
  int is_systemd = strcmp(argv[1], "systemd") == 0;
  int type = strcmp(argv[1], "stream") == 0 ? SOCK_STREAM : SOCK_SEQPACKET;
  strcpy(at.sun_path, argv[2]);
  int made = socket(AF_UNIX, type, 0);
  /* systemd's first is always 3; init's may be any. */
  int fd = is_systemd ? 3 : fcntl(made, F_DUPFD, 17);
  if (is_systemd && made != fd && dup2(made, fd) != fd) return 3;
  if (made != fd) close(made);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) return 4;
  /* systemd listens before it starts its service; init leaves that to it. */
  if (is_systemd && listen(fd, 3) != 0) return 5;
  snprintf(text, sizeof text, "%d", fd);
  if (!is_systemd) setenv("ANDROID_SOCKET_lmkd", text, 1);
  snprintf(text, sizeof text, "%d", (int)getpid());
  if (is_systemd) setenv("LISTEN_PID", text, 1);
  if (is_systemd) setenv("LISTEN_FDS", "1", 1);
  execvp(argv[3], argv + 3);
  return 6;
}
