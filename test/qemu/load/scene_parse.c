// Reads a scene: one directive a line, words parted by blanks, times in ms and
// sizes in MB:
//   guard /guard/oomguard daemon --log stderr
//   guardcomm systemd-oomd
//   readyword Running
//   socket /dev/socket/lmkd
//   target 18432 0 80640 950
//   proc app com.example.cached0 900 10001 40 0 0
//   culprit hog com.example.leak 900 10020 8192 120 0
//   trial oom
//   strike stop sprint
//   arena 1234 1238 1242
// The text comes from a raw disk, so it ends at the first NUL.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scene.h"

static char text[16384];

static int split(char *line, char **words) {
  int count = 0;
  for (char *save, *word = strtok_r(line, " \t", &save);
       word && count < WORDS_MAX - 1; word = strtok_r(NULL, " \t", &save))
    words[count++] = word;
  words[count] = NULL;
  return count;
}

static void add_proc(struct scene *scene, char **words, int culprit) {
  if (scene->proc_count == PROCS_MAX)
    die("too many processes in the scene");
  scene->procs[scene->proc_count++] = (struct proc){
      .kind = words[1],
      .name = words[2],
      .adj = atoi(words[3]),
      .uid = atoi(words[4]),
      .size_kb = atoll(words[5]) * 1024,
      .rate_kb = atoll(words[6]) * 1024,
      .lock = atoi(words[7]),
      .culprit = culprit,
      .pid = -1,
      .pidfd = -1,
      .status_fd = -1,
  };
}

static void parse_line(struct scene *scene, char *line) {
  char *words[WORDS_MAX];
  const int count = split(line, words);
  if (count == 0)
    return;
  const char *key = words[0];
  if (strcmp(key, "guard") == 0)
    memcpy(scene->guard_argv, words + 1, (size_t)count * sizeof *words);
  else if (strcmp(key, "proc") == 0 && count == 8)
    add_proc(scene, words, 0);
  else if (strcmp(key, "culprit") == 0 && count == 8)
    add_proc(scene, words, 1);
  else if (strcmp(key, "target") == 0)
    for (int i = 1; i < count && scene->target_count < TARGETS_MAX; i++)
      scene->targets[scene->target_count++] = atoi(words[i]);
  else if (count == 2 && strcmp(key, "guardcomm") == 0)
    scene->guard_comm = words[1];
  else if (count == 2 && strcmp(key, "readyword") == 0)
    scene->ready_word = words[1];
  else if (count == 2 && strcmp(key, "socket") == 0)
    scene->socket_path = words[1];
  else if (count == 2 && strcmp(key, "show") == 0)
    scene->show_path = words[1];
  else if (count == 2 && strcmp(key, "trial") == 0)
    scene->trial = words[1];
  else if (count == 2 && strcmp(key, "journal") == 0)
    scene->journal_path = words[1];
  else if (count == 3 && strcmp(key, "strike") == 0)
    memcpy(scene->strike, words + 1, sizeof scene->strike);
  else if (count == 2 && strcmp(key, "rounds") == 0)
    scene->rounds = atoi(words[1]);
  else if (count == 2 && strcmp(key, "verbose") == 0)
    scene->verbose = atoi(words[1]);
  else if (count == 1 && strcmp(key, "trace") == 0)
    scene->trace = 1;
  else if (count == 1 && strcmp(key, "signals") == 0)
    scene->signals = 1;
  else if (count == 1 && strcmp(key, "late") == 0)
    scene->late = 1;
  else if (strcmp(key, "arena") == 0 && count == WORDS_OF_ARENA + 1)
    for (int i = 0; i < WORDS_OF_ARENA; i++)
      scene->arena_at[i] = atoll(words[i + 1]);
  else if (count == 2 && strcmp(key, "seed") == 0)
    scene->seed = (uint64_t)atoll(words[1]);
  else if (count == 2 && strcmp(key, "ready") == 0)
    scene->ready_us = atoll(words[1]) * 1000;
  else if (count == 2 && strcmp(key, "calm") == 0)
    scene->calm_us = atoll(words[1]) * 1000;
  else if (count == 2 && strcmp(key, "settle") == 0)
    scene->settle_us = atoll(words[1]) * 1000;
  else if (count == 2 && strcmp(key, "sample") == 0)
    scene->sample_us = atoll(words[1]) * 1000;
  else if (count == 2 && strcmp(key, "limit") == 0)
    scene->limit_us = atoll(words[1]) * 1000;
  else if (!groups_parse(words, count))
    die(key);
}

void scene_parse(struct scene *scene, const char *path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
    die(path);
  close(fd);
  for (char *save, *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    parse_line(scene, line);
}
