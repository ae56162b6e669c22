"""The queue edge of data sets: a task takes one chunk of photos and leaves its result in the spool."""
