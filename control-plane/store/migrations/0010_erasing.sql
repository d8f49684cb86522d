-- The namespaces that the node has to remove by what it has applied, acked_cursor, and whose data it still has.
ALTER TABLE control.nodes ADD COLUMN erasing uuid[] NOT NULL DEFAULT '{}';
