-- Locks that are held now, for a stream of changes that begins.
CREATE INDEX locks_held ON locks (space, expires);
