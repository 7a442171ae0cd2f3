// The runner's part in a scene: fills the machine with processes, registers
// them as ActivityManager would, lets the culprit go, and writes down what
// happens until the scene is decided.
#define _GNU_SOURCE
#include "stage.h"

static uint32_t begin_beat;
static int64_t decided_us;

static int culprit_count(void) {
  int count = 0;
  for (int i = 0; i < scene.proc_count; i++)
    count += scene.procs[i].culprit;
  return count;
}

// Every culprit has died or reached its end, and the machine had time to
// settle. Where there is none, the time alone decides.
static int is_decided(void) {
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.procs[i].culprit && scene.procs[i].pidfd >= 0 &&
        !atomic_load(&shared->cells[i].done_us))
      return 0;
  if (decided_us == 0)
    decided_us = now_us();
  return culprit_count() > 0 && now_us() - decided_us >= scene.settle_us;
}

// A process is registered as ActivityManager does it, when it has become the
// app that it is to be.
static void bring(int slot) {
  const struct proc *proc = &scene.procs[slot];
  stage_start(slot);
  stage_await(slot, STAGE_PLACED);
  ams_register(socket_fd, proc->pid, proc->uid, proc->adj);
  stage_await(slot, STAGE_READY);
}

// One after another, as apps are opened, so the order of registration is also
// the order of age.
static void populate(void) {
  int is_complete = 1;
  for (int i = 0; i < scene.proc_count; i++) {
    if (scene.late && scene.procs[i].culprit)
      continue;
    bring(i);
    is_complete &= stage_has_reached(i, STAGE_READY);
  }
  out_line("{\"e\":\"populated\",\"t\":%ld,\"complete\":%s}", (long)now_us(),
           is_complete ? "true" : "false");
}

static void begin(void) {
  const struct mem_sample mem = probe_mem();
  begin_beat = atomic_load(&shared->beat_count);
  report_guard(&guard, "guardBefore");
  trace_begin();
  probe_vmstat("vmBefore");
  out_line("{\"e\":\"begin\",\"t\":%ld,\"totalKb\":%ld,\"swapTotalKb\":%ld}",
           (long)now_us(), (long)mem.total_kb, (long)mem.swap_total_kb);
  scene.is_begun = 1;
}

// Processes that come one after another, each as soon as the last is there.
static void bring_late(void) {
  for (int i = 0; i < scene.proc_count; i++)
    if (scene.late && scene.procs[i].culprit)
      bring(i);
}

// The next of a row of culprits takes the place of the one that died.
static void replace_culprit(void) {
  atomic_store(&shared->go, 0);
  // One that was struck dead has to be in its place again.
  stage_run(scene.ready_us, strike_is_mended);
  for (int i = 0; i < scene.proc_count; i++) {
    if (!scene.procs[i].culprit || scene.procs[i].pidfd >= 0)
      continue;
    atomic_store(&shared->cells[i].stage, STAGE_NONE);
    atomic_store(&shared->cells[i].done_us, 0);
    bring(i);
  }
  stage_run(scene.calm_us, NULL);
}

static int play(void) {
  populate();
  stage_await_settled();
  stage_run(scene.calm_us, NULL);
  begin();
  for (int round = 1;; round++) {
    decided_us = 0;
    atomic_store(&shared->go, PROCS_MAX);
    bring_late();
    const int decided = stage_run(scene.limit_us, is_decided);
    if (!decided || round >= scene.rounds)
      return decided || culprit_count() == 0;
    replace_culprit();
  }
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
  report_file("status", scene.show_path);
  report_journal(scene.journal_path);
  trace_end();
  out_finish();
  return 0;
}
