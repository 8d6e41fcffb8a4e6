"""Mergeline's machinery. What is yours to edit lies in `src/usecase/` and `params.yaml`."""
