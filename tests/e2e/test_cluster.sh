#!/usr/bin/env bash
# One sweep on many machines: by GNU parallel, as an array of Slurm jobs, one of which is killed, and as an
# indexed Job of Kubernetes, whose pods are played by the shell. Each gives what one run gives. What this
# machine cannot run is skipped with a message.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
cluster=$here/../../contrib/cluster
. "$here/slurm.sh"

sweep=(adversary --nodes 150 --fraction 0:0.4:0.1 --paths 1,4 --lookups 150 --worlds 2)
figures() { # FILE: all results, in order, without what the machine adds
    grep '"line":"result"' "$1" | sed -E 's/"(real_s|build_s|bytes_per_node)":[0-9.e-]+//g' | sort
}
"$skad" sim "${sweep[@]}" --out "$work/whole.jsonl" >/dev/null
same_as_whole() { # FOLDER: its files together
    "$skad" sim merge "$1"/*.jsonl -o "$1/all" >"$work/out"
    grep -q "^20 of 20 experiments are in " "$work/out" || fail "$(cat "$work/out")"
    figures "$1/all" | cmp -s - <(figures "$work/whole.jsonl") || fail "the shards are not the whole"
}

say "GNU parallel"
if command -v parallel >/dev/null; then
    mkdir "$work/parallel"
    seq 4 | parallel --jobs 2 "$skad" sim "${sweep[@]}" --jobs 1 --shard {}/4 --resume --out "$work/parallel/{}.jsonl" >/dev/null
    same_as_whole "$work/parallel"
else
    echo "skipped: GNU parallel is not there (script/bootstrap tools)"
fi

say "an indexed Job"
if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
    python3 "$here/job_check.py" "$cluster/skad-sim-job.yaml" >"$work/job" || fail "the manifest is wrong"
    mkdir "$work/job-results"
    shards=$(head -n 1 "$work/job")
    # The command of a pod, with a smaller sweep, and a folder in place of the volume.
    tail -n +2 "$work/job" | sed "s|/results|$work/job-results|; s|--fraction .* --jobs|${sweep[*]:1} --jobs|" >"$work/pod"
    for index in $(seq 0 $((shards - 1))); do
        PATH=$(dirname "$skad"):$PATH JOB_COMPLETION_INDEX=$index /bin/sh -ec "$(cat "$work/pod")" >/dev/null ||
            fail "pod $index failed: $(cat "$work/pod")"
    done
    [ "$(ls "$work"/job-results/*.jsonl | wc -l)" -eq "$shards" ] || fail "not $shards files"
    same_as_whole "$work/job-results"
    sed 's/completionMode: Indexed/completionMode: Indexd/' "$cluster/skad-sim-job.yaml" >"$work/wrong.yaml"
    ! python3 "$here/job_check.py" "$work/wrong.yaml" >/dev/null 2>&1 || fail "a wrong manifest passes"
else
    echo "skipped: the manifest, without python3-jsonschema and python3-yaml (script/bootstrap tools)"
fi

say "an array of Slurm jobs, killed and started again"
mkdir "$work/slurm" "$work/slurm-results"
if start_slurm "$work/slurm"; then
    lines() { cat "$work"/slurm-results/*.jsonl 2>/dev/null | grep -c '"incomplete":false,' || true; }
    export -f lines
    export work SKAD=$skad
    submit() { sbatch --parsable --array=1-4 "$cluster/skad-sim.sbatch" "$work/slurm-results" "${sweep[@]}" >"$work/job-id"; }
    submit
    wait_for 60 bash -c '[ "$(lines)" -ge 3 ]'
    scancel --signal=KILL --full "$(cat "$work/job-id")" || true
    wait_for 60 bash -c '[ -z "$(squeue -h)" ]'
    before=$(lines)
    submit
    wait_for 120 bash -c '[ -z "$(squeue -h)" ]'
    same_as_whole "$work/slurm-results"
    [ "$(lines)" -eq 20 ] || fail "$(lines) lines: experiments ran twice"
    say "$before of 20 experiments had ended before the kill"
else
    echo "skipped: Slurm: $slurm_why"
fi
say "passed"
