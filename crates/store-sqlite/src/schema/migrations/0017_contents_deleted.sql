-- What records were sent with can be deleted while their facts stay. Up to this record of the trace group it was.
ALTER TABLE trace_groups ADD COLUMN contents_deleted_to INTEGER NOT NULL DEFAULT 0;
