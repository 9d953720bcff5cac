#!/usr/bin/env bash
# Starts a real one-machine Slurm (Debian's slurm-wlm) for test/slurm.test.ts, as root, without systemd.
# usage: slurm-single-node.sh start|stop [DIR]
set -eu
dir=${2:-${TMPDIR:-/tmp}/slurm-test}
host=$(hostname -s)
case ${1:-} in
start)
  command -v slurmctld >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge; }
  rm -rf "$dir"
  mkdir -p "$dir/state" "$dir/spool" /run/munge /etc/slurm
  cat >/etc/slurm/slurm.conf <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  chown munge /run/munge
  # Asked, not looked for: the socket's file outlives a munged that was killed, and --force takes such a one over.
  munge --no-input >/dev/null 2>&1 || su -s /bin/sh munge -c '/usr/sbin/munged --force'
  slurmctld
  slurmd
  for _ in $(seq 30); do
    if sinfo --noheader --format=%t 2>/dev/null | grep -q idle; then break; fi
    sleep 1
  done
  sinfo
  ;;
stop)
  for f in "$dir/slurmd.pid" "$dir/slurmctld.pid"; do if [ -f "$f" ]; then kill "$(cat "$f")"; fi; done
  ;;
*)
  echo "usage: $0 start|stop [DIR]" >&2
  exit 2
  ;;
esac
