"""The intake process: from an update with a photo to a request in the queue."""
