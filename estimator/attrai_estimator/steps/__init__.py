"""The pipeline's pure steps: values in, values out."""
