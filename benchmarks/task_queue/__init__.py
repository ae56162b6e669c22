"""What the queue costs a photo, and how true the told times are: real servers, real replicas, in one run."""
