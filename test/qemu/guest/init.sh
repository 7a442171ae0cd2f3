#!/bin/busybox sh
# Init of the device: mounts, zram and kernel settings as an Android phone has
# them, then the scene from the second disk, then off. Words of the kernel
# command line: scene.swap_mb=N (0: none), scene.memcg=v2|v1, scene.trace=0|1,
# scene.init=PATH (a program on the guard's disk that takes over as init).
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755,size=32m run /run
mkdir -p /dev/socket /run/shm
ln -s /run/shm /dev/shm
swap_mb=0
memcg=v2
trace=0
init=
for word in $(cat /proc/cmdline); do
  case "$word" in
  scene.swap_mb=*) swap_mb="${word#*=}" ;;
  scene.memcg=*) memcg="${word#*=}" ;;
  scene.trace=*) trace="${word#*=}" ;;
  scene.init=*) init="${word#*=}" ;;
  esac
done
if [ "$memcg" = v1 ]; then
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  mkdir /sys/fs/cgroup/memory /sys/fs/cgroup/unified
  mount -t cgroup -o memory memory /sys/fs/cgroup/memory
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
  echo +memory +pids >/sys/fs/cgroup/cgroup.subtree_control
fi
mount -t tmpfs -o mode=1777,size=90% tmp /tmp
[ "$trace" = 0 ] || mount -t tracefs tracefs /sys/kernel/tracing
# The knobs of fault injection, where the kernel has it.
[ ! -e /proc/self/make-it-fail ] || mount -t debugfs debugfs /sys/kernel/debug
# Android's init.rc: swap readily, one page at a time, never refuse a mapping.
echo 100 >/proc/sys/vm/swappiness
echo 0 >/proc/sys/vm/page-cluster
echo 1 >/proc/sys/vm/overcommit_memory
if [ "$swap_mb" -gt 0 ]; then
  echo lz4 >/sys/block/zram0/comp_algorithm
  echo "${swap_mb}M" >/sys/block/zram0/disksize
  mkswap /dev/zram0 >/dev/null
  swapon /dev/zram0
fi
[ ! -b /dev/vdc ] || mount -t ext4 -o ro,noatime /dev/vdc /guard
# A guard that brings its own libraries lives in a tree of its own.
if [ -d /guard/proc ]; then
  for folder in dev proc sys run; do
    mount -o rbind "/$folder" "/guard/$folder"
  done
fi
if [ -n "$init" ]; then
  rm /dev/shm
  mkdir /dev/shm
  mount -o bind /load /guard/load
  mount -o bind /tmp /guard/tmp
  mount -t tmpfs -o mode=755,size=8m var /guard/var
  mkdir -m 1777 /guard/var/tmp
  cd /guard
  pivot_root . base
  echo "init: $init takes over"
  exec /base/bin/busybox chroot . "$init" </dev/console >/dev/console 2>&1
fi
echo "init: device is up"
/load/load scene /dev/vdb /dev/ttyS1
echo "init: scene ended with $?"
# The emulator was told that a reset is the end; not every kernel can power off.
reboot -f
