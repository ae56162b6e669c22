"""The way in: from a message with a photo to a request in the queue."""
