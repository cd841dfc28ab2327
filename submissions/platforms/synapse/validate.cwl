#!/usr/bin/env cwl-runner
cwlVersion: v1.0
class: CommandLineTool
baseCommand: [python, /opt/app/cwl/validate.py]
hints:
  DockerRequirement:
    dockerPull: $docker_image
inputs:
  - {id: predictions, type: File, inputBinding: {prefix: -p}}
  - {id: goldstandard, type: File, inputBinding: {prefix: -g}}
  - {id: entity_type, type: string, inputBinding: {prefix: -e}}
arguments: [-o, results.json]
outputs:
  - {id: results, type: File, outputBinding: {glob: results.json}}
