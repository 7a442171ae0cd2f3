/* A good client: asks for the kill count every so often until its standard input
 * ends, waits for each answer, and says how long they took.
 *
 *   asker PATH EVERY_MS      prints: asked answered wrong p50us p99us maxus
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 100000
#define GETKILLCNT 4
/* Nobody who waits this long is being served. */
#define ANSWER_MS 10000

static int64_t took_us[SAMPLES_MAX];

static int64_t now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

/* One question and its answer; 1, or 0: none came. A wrong one is counted. */
static int ask(int fd, int *wrong) {
  uint32_t words[3] = {htonl(GETKILLCNT), htonl((uint32_t)-1000), htonl(1000)};
  uint32_t reply[64];
  struct pollfd answer = {.fd = fd, .events = POLLIN};
  if (send(fd, words, sizeof words, MSG_NOSIGNAL) != sizeof words) return 0;
  if (poll(&answer, 1, ANSWER_MS) <= 0) return 0;
  ssize_t count = recv(fd, reply, sizeof reply, MSG_DONTWAIT);
  if (count <= 0) return 0;
  if (count != 8 || ntohl(reply[0]) != GETKILLCNT || ntohl(reply[1]) != 0)
    *wrong += 1;
  return 1;
}

int main(int argc, char **argv) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  struct pollfd input = {.fd = 0, .events = POLLIN};
  int asked = 0, answered = 0, wrong = 0;
  if (argc != 3 || strlen(argv[1]) >= sizeof at.sun_path) return 2;
  strcpy(at.sun_path, argv[1]);
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) return 3;
  while (poll(&input, 1, atoi(argv[2])) == 0 && asked < SAMPLES_MAX) {
    int64_t start = now_us();
    asked++;
    if (!ask(fd, &wrong)) break;
    took_us[answered++] = now_us() - start;
    if (answered == 1) {
      puts("asking");
      fflush(stdout);
    }
  }
  qsort(took_us, (size_t)answered, sizeof took_us[0], by_size);
  int last = answered > 0 ? answered - 1 : 0;
  printf("%d %d %d %lld %lld %lld\n", asked, answered, wrong,
         (long long)took_us[last / 2], (long long)took_us[last * 99 / 100],
         (long long)took_us[last]);
  return 0;
}
