"""The networks as torch modules, and what a trained scorer keeps beside its weights."""
