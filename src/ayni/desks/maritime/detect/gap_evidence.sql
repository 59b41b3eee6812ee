-- The last five positions before the silence, and the first five after it.
WITH near AS (
  SELECT s.key_0, s.key_1, s.key_2, s.key_3, p.source, p."offset", p."length", p.ts AS at_ms, p.receiver,
    p.ts <= s.started_ms AS is_before
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi
    AND ((p.ts <= s.started_ms AND p.ts > s.started_ms - 43200000)
      OR (p.ts >= s.ended_ms AND p.ts < s.ended_ms + 43200000))),
numbered AS (
  SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, receiver,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, key_3, is_before
      ORDER BY CASE WHEN is_before THEN -at_ms ELSE at_ms END, source, "offset") AS nth
  FROM near)
SELECT key_0, key_1, key_2, key_3, source, "offset", "length", at_ms, receiver FROM numbered WHERE nth <= 5
