# shellcheck shell=bash
# Settings with which Open MPI's mpirun works on one machine, containers included. To be sourced:
#
#   source launch/env.sh
#
# What is already set stays as it is.

# As root mpirun refuses to start unless told twice; in a container root is often the only user.
if [[ $EUID == 0 ]]; then
  export OMPI_ALLOW_RUN_AS_ROOT="${OMPI_ALLOW_RUN_AS_ROOT-1}"
  export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM-1}"
fi

# More ranks than cores are an error ("not enough slots"), but trying -np 4 on a laptop should just be slow.
# The second name is Open MPI 5's.
export OMPI_MCA_rmaps_base_oversubscribe="${OMPI_MCA_rmaps_base_oversubscribe-1}"
export PRTE_MCA_rmaps_default_mapping_policy="${PRTE_MCA_rmaps_default_mapping_policy-:oversubscribe}"

# mpirun binds one or two ranks to a single core each, and all their threads with them. Unbound, each rank takes its
# share of the machine's cores. (For several hosts, bind explicitly: cluster/README.md.)
export OMPI_MCA_hwloc_base_binding_policy="${OMPI_MCA_hwloc_base_binding_policy-none}"
export PRTE_MCA_hwloc_default_binding_policy="${PRTE_MCA_hwloc_default_binding_policy-none}"

# Even a local job fails where there is no remote shell (slim images), unless mpirun is told not to look for one.
if ! command -v ssh >/dev/null && ! command -v rsh >/dev/null; then
  export OMPI_MCA_plm_rsh_agent="${OMPI_MCA_plm_rsh_agent-}"
fi

# Told to end by a signal, mpirun kills its ranks a second after telling them: too soon to save a training. (That all is
# saved and mpirun's code says so, planet-dist supervise sees to. The second name is Open MPI 5's.)
export OMPI_MCA_odls_base_sigkill_timeout="${OMPI_MCA_odls_base_sigkill_timeout-5}"
export PRTE_MCA_odls_base_sigkill_timeout="${PRTE_MCA_odls_base_sigkill_timeout-5}"

# A host that dies without a word (power, network) is noticed within half a minute, not after minutes. Between mpirun and
# its daemons on the hosts; Open MPI 4's names, and PRRTE's of Open MPI 5.
export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time-10}"
export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl-3}"
export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes-3}"
export PRTE_MCA_oob_tcp_keepalive_time="${PRTE_MCA_oob_tcp_keepalive_time-10}"
export PRTE_MCA_oob_tcp_keepalive_intvl="${PRTE_MCA_oob_tcp_keepalive_intvl-3}"
export PRTE_MCA_oob_tcp_keepalive_probes="${PRTE_MCA_oob_tcp_keepalive_probes-3}"
