# One boot of a lab host, in the namespaces that init.sh made. The exit status is
# 133 when the host wants to be booted again.
set -eu
read -r cgroup </run/cgroup
echo $$ >"$cgroup/cgroup.procs"
# The host gets the second version of control groups, which the systemd of trixie
# insists on, also where this machine still has the first.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
exec systemd-nspawn --quiet --boot --directory=/mnt/root --machine=host \
	--network-namespace-path=/proc/1/ns/net --register=no --keep-unit \
	--link-journal=no --resolv-conf=off --timezone=off --console=pipe
