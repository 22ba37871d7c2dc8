-- The call's arguments, as JSON. The `mac` covers them where they are not null.
ALTER TABLE audit_decisions ADD COLUMN arguments TEXT;
PRAGMA user_version = 2;
