#!/usr/bin/env cwl-runner
# The scoring steps of a data-to-model challenge: validate, then score. The steps around them
# (download, annotate, e-mail) are those of the platform's own workflow template.
cwlVersion: v1.0
class: Workflow
inputs:
  - {id: predictions, type: File}
  - {id: goldstandard, type: File}
  - {id: entity_type, type: string}
outputs:
  - {id: validation, type: File, outputSource: validate/results}
  - {id: scores, type: File, outputSource: score/results}
steps:
  - id: validate
    run: validate.cwl
    in:
      - {id: predictions, source: predictions}
      - {id: goldstandard, source: goldstandard}
      - {id: entity_type, source: entity_type}
    out: [results]
  - id: score
    run: score.cwl
    in:
      - {id: predictions, source: predictions}
      - {id: goldstandard, source: goldstandard}
      - {id: validation, source: validate/results}
    out: [results]
