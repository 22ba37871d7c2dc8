-- Tables and columns get the names that the rest of the program uses. Only the schema changes; indexes keep their names.
--
-- A trace group is what is projected together. One that has a leader is projected with it: calls joined the two.
ALTER TABLE units RENAME TO trace_groups;
ALTER TABLE trace_groups RENAME COLUMN main TO leader;
ALTER TABLE records RENAME COLUMN unit TO trace_group;
ALTER TABLE runs RENAME COLUMN unit TO trace_group;
ALTER TABLE scores RENAME COLUMN unit TO trace_group;
ALTER TABLE tags RENAME COLUMN unit TO trace_group;
ALTER TABLE joins RENAME COLUMN unit TO trace_group;
ALTER TABLE joins_recent RENAME COLUMN unit TO trace_group;
-- A slot is the place in a record's body from which a large value was cut.
ALTER TABLE contexts RENAME COLUMN hole TO slot;
ALTER TABLE contexts RENAME COLUMN base_hole TO base_slot;
