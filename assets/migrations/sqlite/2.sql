-- Each start of a server that writes opens an epoch in the order of changes; a store set back to an older copy lacks the later ones.
CREATE TABLE epochs (
  space INTEGER NOT NULL,
  first INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (space, first)
) STRICT, WITHOUT ROWID;
INSERT INTO epochs (space, first, id) SELECT id, 1, randomblob(16) FROM spaces WHERE seq > 0;
