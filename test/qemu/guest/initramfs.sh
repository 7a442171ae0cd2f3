#!/bin/busybox sh
# First program of the device: loads the modules that Debian's cloud kernel
# keeps outside itself, then hands over to the read-only root disk.
export PATH=/bin
busybox mount -t devtmpfs dev /dev
while read -r module; do
  busybox insmod "/modules/$module" || echo "initramfs: cannot load $module"
done </modules/order
tries=0
until busybox test -b /dev/vdb || busybox test "$tries" -ge 100; do
  busybox usleep 20000
  tries=$((tries + 1))
done
busybox mount -t ext4 -o ro,noatime /dev/vda /root || exec busybox sh
busybox mount -o move /dev /root/dev
exec busybox switch_root /root /init
