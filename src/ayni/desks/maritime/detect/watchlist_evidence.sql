-- The first three reports of identity of that day and the last one; the first two positions and the last one.
WITH said AS (
  SELECT s.key_0, s.key_1, s.key_2, i.source, i."offset", i."length", i.ts AS at_ms, CAST(NULL AS VARCHAR) AS receiver, 1 AS kind
  FROM signal AS s JOIN identity AS i ON i.mmsi = s.mmsi
  WHERE i.ts >= s.key_2 * 86400000 AND i.ts < (s.key_2 + 1) * 86400000
  UNION ALL
  SELECT s.key_0, s.key_1, s.key_2, p.source, p."offset", p."length", p.ts, p.receiver, 2
  FROM signal AS s JOIN position AS p ON p.mmsi = s.mmsi
  WHERE p.ts >= s.key_2 * 86400000 AND p.ts < (s.key_2 + 1) * 86400000),
numbered AS (
  SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver, kind,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, kind ORDER BY at_ms, source, "offset") AS nth,
    ROW_NUMBER() OVER (PARTITION BY key_0, key_1, key_2, kind ORDER BY at_ms DESC, source DESC, "offset" DESC) AS last_nth
  FROM said)
SELECT key_0, key_1, key_2, source, "offset", "length", at_ms, receiver FROM numbered
WHERE nth <= 2 OR last_nth = 1 OR (kind = 1 AND nth = 3)
