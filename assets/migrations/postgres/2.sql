-- Each start of a server that writes opens an epoch in the order of changes; a store set back to an older copy lacks the later ones.
CREATE TABLE epochs (
  space BIGINT NOT NULL,
  first BIGINT NOT NULL,
  id UUID NOT NULL,
  PRIMARY KEY (space, first)
);
INSERT INTO epochs (space, first, id) SELECT id, 1, gen_random_uuid() FROM spaces WHERE seq > 0;
