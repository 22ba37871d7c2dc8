-- What runs cost, in billionths of a US dollar. Derived from usage and the price list whose number is price_key; written
-- with the run, and again in the background when that number changes.
ALTER TABLE runs ADD COLUMN cost INTEGER;           -- per call our own figure, else the client's; null: nothing is known
ALTER TABLE runs ADD COLUMN computed_cost INTEGER;  -- our own figures only
ALTER TABLE runs ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN price_key INTEGER;      -- null: never priced
ALTER TABLE run_models ADD COLUMN cost INTEGER;
ALTER TABLE run_models ADD COLUMN computed_cost INTEGER;
ALTER TABLE run_models ADD COLUMN reported_cost INTEGER;
ALTER TABLE run_models ADD COLUMN unpriced_calls INTEGER NOT NULL DEFAULT 0;
