"""A vault of films: many workers, one ledger, on one machine or on many."""
