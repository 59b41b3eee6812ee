-- The last three positions before the silence and the first three after it.
WITH near_ends AS (
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver, p.ts <= s.started_ms AS is_before,
    CASE WHEN p.ts <= s.started_ms THEN s.started_ms - p.ts ELSE p.ts - COALESCE(s.ended_ms, s.started_ms) END AS off_ms
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi
  WHERE p.ts <= s.started_ms OR p.ts >= COALESCE(s.ended_ms, s.started_ms)),
numbered AS (
  SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, key_3, is_before ORDER BY off_ms, at_ms, source, "offset") AS nth
  FROM near_ends)
SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 3
