-- Records that lie in one trace and belong to a unit that a producer scattered over several: while there are any, the
-- trace's own row must stay. In ordinary traces there are none, so that this index costs nothing.
CREATE INDEX records_scattered ON records (trace) WHERE unit <> trace;
