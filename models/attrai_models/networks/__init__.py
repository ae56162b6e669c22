"""The networks as torch modules, and what a trained scorer carries beside its weights."""
