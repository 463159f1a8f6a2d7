-- A version names the one before it and one further back, and so is found from the note's present version: the index of all versions was
-- one more page written for every save. What is asked of a version without its text stands before the text.
CREATE TABLE kept (
  row INTEGER PRIMARY KEY,
  space INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  before INTEGER,
  further INTEGER,
  deleted INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  title TEXT NOT NULL,
  tags TEXT NOT NULL,
  fields TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO kept (row, space, id, version, before, further, deleted, created, updated, user, origin, title, tags, fields, body)
  SELECT v.row, v.space, v.id, v.version, b.row, f.row, v.deleted, v.created, v.updated, v.user, v.origin, v.title, v.tags, v.fields, v.body
  FROM versions v
  LEFT JOIN versions b ON b.space = v.space AND b.id = v.id AND b.version = v.version - 1
  LEFT JOIN versions f ON f.space = v.space AND f.id = v.id AND f.version = v.version & (v.version - 1)
  ORDER BY v.row;
DROP TABLE versions;
ALTER TABLE kept RENAME TO versions;
CREATE INDEX versions_at ON versions (space, updated);

-- Where a space's order of changes stands is said by the records themselves: the last change is still in one of them.
CREATE VIEW places (space, seq) AS SELECT s.id, max(
    coalesce((SELECT max(seq) FROM notes WHERE space = s.id), 0), coalesce((SELECT max(seq) FROM bookmarks WHERE space = s.id), 0),
    coalesce((SELECT max(seq) FROM locks WHERE space = s.id), 0), coalesce((SELECT max(seq) FROM audit WHERE space = s.id), 0)
  ) FROM spaces s;
ALTER TABLE spaces DROP COLUMN seq;
