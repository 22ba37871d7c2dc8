-- Which lists are coded against a record's: they are written out before it goes, and looked for without reading the whole group.
CREATE INDEX contexts_base ON contexts (base_record) WHERE base_record IS NOT NULL;
