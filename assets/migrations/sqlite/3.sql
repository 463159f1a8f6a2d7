-- For figures of a span of time.
CREATE INDEX versions_at ON versions (space, updated);
