#!/bin/sh
# Build the container and score test/input against test/ground_truth, as the platform will.
set -e
cd "$(dirname "$0")"
docker build --platform=linux/amd64 -t adaptor-evaluation .
rm -rf test/output && mkdir -p test/output && chmod 0777 test/output
docker volume create adaptor-evaluation-tmp >/dev/null
docker run --rm --network none --platform=linux/amd64 \
    -v "$PWD/test/input:/input:ro" \
    -v "$PWD/test/ground_truth:/opt/ml/input/data/ground_truth:ro" \
    -v "$PWD/test/output:/output" \
    -v adaptor-evaluation-tmp:/tmp \
    adaptor-evaluation
docker volume rm adaptor-evaluation-tmp >/dev/null
cat test/output/metrics.json
