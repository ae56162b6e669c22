"""Detection's first network, taught here what MTCNN's three say together; see decision 0019."""
