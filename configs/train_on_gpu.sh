#!/bin/sh
# Train on a GPU from a bare machine: find the shards, train, go on where an earlier call stopped, bring results out.
# usage: sh configs/train_on_gpu.sh DATA OUT [options of `filmcolor train`]
#   DATA: folder of .tar shards; classifier.safetensors in it (EfficientNet-Lite2) gives the perceptual loss, without
#   which [loss] perceptual must be 0.
#   OUT: best.safetensors, last.safetensors, log.jsonl, sheet.png and settings.json are copied here.
#   Environment: RUN (where state.pt stays, default /tmp/filmcolor-run), INIT (weights, default `default`; `none`: from
#   the classifier alone), CONFIG (default configs/gpu.toml), PROCESSES (one per GPU, default 1).
# Dry run on a CPU: CONFIG=configs/default.toml sh configs/train_on_gpu.sh DATA OUT --device cpu --steps 2
set -eu
data=$1
out=$2
shift 2
run=${RUN:-/tmp/filmcolor-run}
here=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}"
for shard in "$data"/*.tar; do set -- "$@" --data "$shard"; done
[ ! -f "$data/classifier.safetensors" ] || set -- "$@" --encoder "$data/classifier.safetensors"
# the color classes are those of INIT: going on needs it, too
[ "${INIT:-default}" = none ] || set -- "$@" --init "${INIT:-default}"
[ ! -f "$run/state.pt" ] || set -- "$@" --resume
launch="python3"
[ "${PROCESSES:-1}" = 1 ] || launch="torchrun --nproc_per_node $PROCESSES"
status=0
$launch -m filmcolor train "${CONFIG:-$here/configs/gpu.toml}" --out "$run" "$@" || status=$?
mkdir -p "$out"
for name in best.safetensors last.safetensors log.jsonl sheet.png settings.json; do
    [ ! -f "$run/$name" ] || cp "$run/$name" "$out/"
done
exit $status
