// A drill in which everything went as it should.

import type { DrillFacts } from "../../src/report/drill.ts";

export const HEART_PID = 11;
export const HOG_PID = 14;

export const FACTS: DrillFacts = {
  mode: "real",
  why: "",
  group: "/sys/fs/cgroup/oomguard-drill-1 (memcg v2, PSI)",
  limitKb: 393_216,
  rateKbPerS: 98_304,
  cast: [
    { name: "drill.heart", pid: HEART_PID, adj: 0, workingKb: 24_576 },
    { name: "drill.sync", pid: 12, adj: 500, workingKb: 24_576 },
    { name: "drill.cached1", pid: 13, adj: 910, workingKb: 24_576 },
    { name: "drill.hog", pid: HOG_PID, adj: 900, workingKb: 24_576 },
  ],
  hogPid: HOG_PID,
  heartPid: HEART_PID,
  deaths: [{
    pid: HOG_PID,
    atMs: 4_407.4,
    by: "guard",
    why: "memory is about to end (29080kB left, 29364kB soon needed)",
  }],
  violations: [],
  kernelOomKills: 0,
  markKb: 46_080,
  thresholdToSignalMs: 8.4,
  wakeToSignalUs: 1_590,
  signalToDeathMs: 19,
  signalToBackMs: 17.2,
  backKb: 197_068,
  heartCalm: { beats: 200, p50Us: 200, p99Us: 900, maxUs: 1_200 },
  heartBusy: { beats: 380, p50Us: 250, p99Us: 4_000, maxUs: 12_340 },
  stallSomeUs: 1_500,
  stallFullUs: 0,
  guard: {
    readyMs: 141.3,
    rssKb: 61_952,
    anonKb: 25_600,
    calmCpuPermille: 17.2,
    busyCpuPermille: 78.4,
  },
};
