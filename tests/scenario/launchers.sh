#!/bin/bash
# One job, not several: processes that another MPI's mpiexec has started, or that lost their
# environment on the way, leave (2) before they race to publish. One process may be started in any
# way. Under Slurm too, where the machine can run it.
. "$(dirname "$0")/../support/lib.sh"

leaves 0 alone generate --out "$WORK/in" --events 2000 --weeks 1 --users 100 --courses 3 --format plain
leaves 0 alone rebuild --from "$WORK/in" --to "$WORK/due" --rejects "$WORK/rejects"
rebuild=("$PROGRAM" rebuild --from "$WORK/in" --to "$WORK/marts" --rejects "$WORK/rejects")
run() { # run COMMAND...: as funnel, by any launcher
    timeout -k 10 60 "$@" </dev/null >"$WORK/stdout" 2>"$WORK/stderr"
}
nothing_is_left() {
    check "somebody is left" nobody_left
    check "shared memory is left" \
        test -z "$(find "$WORK/mpi" -name 'vader_segment*' -print -quit)"
}
refused() { # refused TEXT COMMAND...
    local text=$1
    shift
    rm -rf "$WORK/marts"
    leaves 2 run "$@"
    check "it says: $text" grep -qF "$text" "$WORK/stderr"
    check "something was published" test ! -e "$WORK/marts"
    nothing_is_left
}
published() { # published COMMAND...
    rm -rf "$WORK/marts"
    leaves 0 run "$@"
    same_marts "$WORK/marts" "$WORK/due"
    nothing_is_left
}

bare=(env -i PATH="$PATH" HOME="$WORK")
refused "A parent of this process is mpirun, so mpirun of Open MPI started it, but none of the \
variables are there" mpirun --oversubscribe -n 2 "${bare[@]}" "${rebuild[@]}"
refused "A parent of this process is mpirun" mpirun -n 1 sh -c '"$@"; exit $?' sh "${bare[@]}" \
    "${rebuild[@]}"
published mpirun -n 1 sh -c '"$@"; exit $?' sh "${rebuild[@]}"
published "${bare[@]}" "${rebuild[@]}"
refused "PMI_SIZE is 3, so" env PMI_SIZE=3 "${rebuild[@]}"
refused "PMI_SIZE is 3, so" env PMI_SIZE=3 "$PROGRAM" generate --out "$WORK/marts"

if command -v mpiexec.hydra >/dev/null; then
    refused "PMI_SIZE is 3, so mpiexec of MPICH or of an MPI like it started several processes, \
but Open MPI finds this one alone" mpiexec.hydra -n 3 "${rebuild[@]}"
    refused "A parent of this process is hydra_pmi_proxy" mpiexec.hydra -n 2 "${bare[@]}" \
        "${rebuild[@]}"
    published mpiexec.hydra -n 1 "${rebuild[@]}"
    check "mpirun is Open MPI's" grep -q 'Open MPI' <(mpirun --version)
    check "mpicc is Open MPI's" grep -q openmpi <(mpicc -show)
else
    echo "without MPICH: mpiexec.hydra is not installed"
fi

# Two plain runs at once are two jobs, and none of them is told to start otherwise.
rm -rf "$WORK/marts"
for number in 1 2; do
    "${rebuild[@]/%\/rejects//rejects.$number}" >"$WORK/out.$number" 2>&1 </dev/null &
    both[number]=$!
done
for number in 1 2; do
    code=0
    wait "${both[number]}" || code=$?
    check "one of two plain runs ended with $code" test "$code" != 2
done

. "$SOURCE/tests/support/slurm.sh" # skips the rest where there is no Slurm
start_cluster 1
# (Of what srun --mpi=none has started Open MPI itself makes an end.)
step=("$cluster" run srun -n)
refused "A parent of this process is slurmstepd" "${step[@]}" 2 "${bare[@]}" "${rebuild[@]}"
published "${step[@]}" 1 "${rebuild[@]}"
published "${step[@]}" 2 "${rebuild[@]}"
rm -rf "$WORK/marts"
printf '#!/bin/bash\n%s\n' "${rebuild[*]@Q}" >"$WORK/batch"
leaves 0 in_cluster sbatch --wait -n 2 --output="$WORK/stderr" "$WORK/batch"
same_marts "$WORK/marts" "$WORK/due"
passed
