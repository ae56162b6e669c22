"""From an outcome to a reply. Both processes deliver: the replier outcomes, intake its own failures."""
