-- The span of the request that a delivery comes from (W3C traceparent), so that its trace goes on. NULL: it was not traced.
ALTER TABLE outbox ADD COLUMN trace_parent TEXT;
