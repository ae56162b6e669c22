"""From torch modules to the ONNX files that the estimator loads, and their records in the manifest."""
