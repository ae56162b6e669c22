"""Detection's first network, taught here what MTCNN's first two say together; see decision 0019."""
