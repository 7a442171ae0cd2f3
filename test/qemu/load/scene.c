// The runner's part in a scene: fills the machine with processes, registers
// them as ActivityManager would, lets the culprit go, and writes down what
// happens until the scene is decided.
#define _GNU_SOURCE
#include "stage.h"

static uint32_t begin_beat;

// The culprit has died or reached its end, and the machine had time to settle.
static int is_decided(void) {
  static int64_t since_us;
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.procs[i].culprit &&
        (scene.procs[i].pidfd < 0 || atomic_load(&shared->cells[i].done_us))) {
      if (since_us == 0)
        since_us = now_us();
      return now_us() - since_us >= scene.settle_us;
    }
  return 0;
}

// One after another, as apps are opened, so the order of registration is also
// the order of age; and registered as ActivityManager does it, when the process
// has become the app that it is to be.
static void populate(void) {
  int is_complete = 1;
  for (int i = 0; i < scene.proc_count; i++) {
    stage_start(i);
    stage_await(i, STAGE_PLACED);
    ams_register(socket_fd, scene.procs[i].pid, scene.procs[i].uid,
                 scene.procs[i].adj);
    stage_await(i, STAGE_READY);
    is_complete &= stage_has_reached(i, STAGE_READY);
  }
  out_line("{\"e\":\"populated\",\"t\":%ld,\"complete\":%s}", (long)now_us(),
           is_complete ? "true" : "false");
}

static void begin(void) {
  const struct mem_sample mem = probe_mem();
  begin_beat = atomic_load(&shared->beat_count);
  report_guard(&guard, "guardBefore");
  probe_vmstat("vmBefore");
  out_line("{\"e\":\"begin\",\"t\":%ld,\"totalKb\":%ld,\"swapTotalKb\":%ld}",
           (long)now_us(), (long)mem.total_kb, (long)mem.swap_total_kb);
}

static int play(void) {
  populate();
  stage_run(scene.calm_us, NULL);
  begin();
  atomic_store(&shared->go, 1);
  return stage_run(scene.limit_us, is_decided);
}

int scene_run(const char *scene_path, const char *out_path) {
  scene_parse(&scene, scene_path);
  stage_open(out_path);
  stage_await_guard();
  if (scene.trial)
    begin();
  const int decided = scene.trial ? trial_run() : play();
  out_line("{\"e\":\"end\",\"t\":%ld,\"decided\":%s}", (long)now_us(),
           decided ? "true" : "false");
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.procs[i].culprit && atomic_load(&shared->cells[i].done_us))
      out_line("{\"e\":\"grown\",\"t\":%ld}",
               (long)atomic_load(&shared->cells[i].done_us));
  report_heart(shared, begin_beat);
  report_guard(&guard, "guardAfter");
  probe_vmstat("vmAfter");
  report_file(scene.show_path);
  out_finish();
  return 0;
}
