#!/usr/bin/env cwl-runner
cwlVersion: v1.0
class: CommandLineTool
baseCommand: [python, /opt/app/cwl/score.py]
hints:
  DockerRequirement:
    dockerPull: $docker_image
inputs:
  - {id: predictions, type: File, inputBinding: {prefix: -p}}
  - {id: goldstandard, type: File, inputBinding: {prefix: -g}}
  - {id: validation, type: File}
arguments: [-o, results.json]
outputs:
  - {id: results, type: File, outputBinding: {glob: results.json}}
