-- Notes point at their present version; every version is kept, and its text is written once.
CREATE TABLE spaces (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  seq INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  space INTEGER NOT NULL REFERENCES spaces (id),
  user TEXT NOT NULL,
  name TEXT NOT NULL,
  hash BLOB NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE versions (
  row INTEGER PRIMARY KEY,
  space INTEGER NOT NULL,
  id BLOB NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  tags TEXT NOT NULL,
  fields TEXT NOT NULL,
  deleted INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX versions_of ON versions (space, id, version);

CREATE TABLE notes (
  space INTEGER NOT NULL,
  id BLOB NOT NULL,
  row INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  PRIMARY KEY (space, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX notes_seq ON notes (space, seq);

CREATE TABLE bookmarks (
  space INTEGER NOT NULL,
  user TEXT NOT NULL,
  note BLOB NOT NULL,
  seq INTEGER NOT NULL,
  marked INTEGER NOT NULL,
  why TEXT NOT NULL,
  gone INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  origin TEXT NOT NULL,
  PRIMARY KEY (space, user, note)
) STRICT, WITHOUT ROWID;
CREATE INDEX bookmarks_seq ON bookmarks (space, seq);

CREATE TABLE locks (
  space INTEGER NOT NULL,
  note BLOB NOT NULL,
  seq INTEGER NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  token BLOB NOT NULL,
  acquired INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  PRIMARY KEY (space, note)
) STRICT, WITHOUT ROWID;
CREATE INDEX locks_seq ON locks (space, seq);

-- Of a body, base and theirs are not written here: they are in the versions the entry names.
CREATE TABLE audit (
  row INTEGER PRIMARY KEY,
  space INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  at INTEGER NOT NULL,
  entity TEXT NOT NULL,
  entity_id BLOB NOT NULL,
  action TEXT NOT NULL,
  user TEXT NOT NULL,
  client_origin TEXT NOT NULL,
  server_origin TEXT NOT NULL,
  server_ts INTEGER,
  client_ts INTEGER,
  server_version INTEGER,
  base_version INTEGER,
  fields TEXT NOT NULL,
  outcome TEXT,
  settled TEXT
) STRICT;
CREATE UNIQUE INDEX audit_seq ON audit (space, seq);
CREATE UNIQUE INDEX audit_id ON audit (space, id);

CREATE TABLE memory (
  space INTEGER NOT NULL,
  user TEXT NOT NULL,
  key BLOB NOT NULL,
  hash BLOB NOT NULL,
  at INTEGER NOT NULL,
  memory TEXT NOT NULL,
  PRIMARY KEY (space, user, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX memory_at ON memory (at);
