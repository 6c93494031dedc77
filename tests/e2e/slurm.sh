# A Slurm of one node, of this user, in a folder of its own. Sourced; needs root, munge and slurm-wlm.
# start_slurm FOLDER: SLURM_CONF is set when it answers. Returns 1, with the reason in $slurm_why, where it
# cannot run. Its processes are in pids.
slurm_why=

wait_quietly() { # SECONDS COMMAND...
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

write_slurm_conf() { # FOLDER NAME PORT
    cat >"$1/slurm.conf" <<EOF
ClusterName=test
SlurmctldHost=$2(127.0.0.1)
SlurmUser=root
SlurmctldPort=$3
SlurmdPort=$(($3 + 1))
AuthType=auth/munge
AuthInfo=socket=$1/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_res
SelectTypeParameters=CR_CPU
MailProg=/bin/true
ReturnToService=2
NodeName=$2 NodeHostname=$2 NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
EOF
}

start_slurm() {
    local folder=$1 name port program
    name=$(hostname -s)
    port=$((20000 + RANDOM % 20000))
    for program in munged slurmctld slurmd sbatch; do
        if ! command -v "$program" >/dev/null; then
            slurm_why="no $program (script/bootstrap tools)"
            return 1
        fi
    done
    if [ "$(id -u)" -ne 0 ]; then
        slurm_why="slurmd needs root"
        return 1
    fi
    mkdir -p "$folder/state" "$folder/spool"
    head -c 128 /dev/urandom >"$folder/munge.key"
    chmod 600 "$folder/munge.key"
    munged --foreground --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munge.pid" \
        --seed-file="$folder/munge.seed" --log-file="$folder/munge.log" >"$folder/munged.out" 2>&1 &
    pids+=("$!")
    if ! wait_quietly 10 test -S "$folder/munge.socket"; then
        slurm_why="munged did not start: $(tail -n 1 "$folder/munged.out")"
        return 1
    fi
    write_slurm_conf "$folder" "$name" "$port"
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -D >"$folder/slurmctld.out" 2>&1 &
    pids+=("$!")
    slurmd -D >"$folder/slurmd.out" 2>&1 &
    pids+=("$!")
    if ! wait_quietly 30 bash -c 'sinfo -h -o %t | grep -q idle'; then
        slurm_why="Slurm did not start: $(tail -n 1 "$folder/slurmctld.out" "$folder/slurmd.out" | tr '\n' ' ')"
        return 1
    fi
}
